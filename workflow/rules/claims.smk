# What it comes to: Table 1, and the paper's numbers beside ours.

TABLES1 = [
    f"{RESULTS}/tables/table1.csv"
    for study in RUN.studies
    if study.name == "memorability" and "memory_game" in EXPERIMENTS_OF[study.name]
]


rule make_table1:
    input:
        code=code("make_table1.py"),
        models="<results>/memorability/trials/memory_game.models.csv",
    output:
        "<results>/tables/table1.csv",
    log:
        "<logs>/make_table1.log",
    conda:
        "../../envs/environment.yaml"
    resources:
        **tables(500, minutes=30),
    shell:
        "python {input.code[0]:q} --models {input.models:q} --output {output:q} 2>&1 | tee {log:q}"


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
        "python {input.code[0]:q} --claims {input.claims:q} --results {params.results} --studies {params.studies}"
        " --tables {input.tables:q} {params.equivalence} --output {output:q} 2>&1 | tee {log:q}"
