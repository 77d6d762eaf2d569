# What it comes to: Table 1, and the paper's numbers beside ours.

TABLES1 = [
    f"{RESULTS}/tables/{table}.csv"
    for table in ("table1", "hits_explained")
    for study in RUN.studies
    if study.name == "memorability" and "memory_game" in EXPERIMENTS_OF[study.name]
]


rule make_table1:
    input:
        code=code("make_table1.py"),
        models="<results>/memorability/trials/memory_game.models.csv",
        data_points="<results>/memorability/trials/memory_game.data_points.csv",
        factors="<results>/memorability/factors.csv",
    output:
        table="<results>/tables/table1.csv",
        explained="<results>/tables/hits_explained.csv",
    log:
        "<logs>/make_table1.log",
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(500, minutes=30),
    params:
        seed=RUN.seed,
    shell:
        "python {input.code[0]:q} --models {input.models:q} --data-points {input.data_points:q} --factors {input.factors:q}"
        " --seed {params.seed} --output {output.table:q} --explained {output.explained:q} 2>&1 | tee {log:q}"


rule judge_claims:
    input:
        code=code("judge_claims.py"),
        claims=here("config/claims.csv"),
        tables=tables_for_claims(),
    output:
        "<results>/claims.csv",
    log:
        "<logs>/judge_claims.log",
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(500, minutes=30),
    params:
        results=subpath(output[0], parent=True),
        studies=STUDIES,
        equivalence=command_line(RUN.equivalence),
    shell:
        "python {input.code[0]:q} --claims {input.claims:q} --results {params.results:q} --studies {params.studies}"
        " --tables {input.tables:q} {params.equivalence} --output {output:q} 2>&1 | tee {log:q}"
