# What it comes to: Table 1, and the paper's numbers beside ours.

TABLE1_STUDIES = [study for study in STUDIES if study == "memorability" and "memory_game" in EXPERIMENTS[study]]
TABLES1 = [f"{RESULTS}/tables/table1.csv" for _ in TABLE1_STUDIES]


def tables_for_claims():
    """What claims are about, as far as this run has it (ganalyze.claims.TABLES)."""
    kinds = {study: ["score", "factors", *EXPERIMENTS[study]] for study in STUDIES}
    if RUN.realness:
        kinds = {study: [*kinds[study], "realness"] for study in STUDIES}
    return [f"{RESULTS}/{study}/{TABLES[kind]}" for study in STUDIES for kind in kinds[study]]


rule make_table1:
    input:
        code=code("make_table1.py"),
        models=f"{RESULTS}/memorability/trials/memory_game.models.csv",
    output:
        f"{RESULTS}/tables/table1.csv",
    log:
        f"{RESULTS}/logs/make_table1.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(30),
    shell:
        "python scripts/make_table1.py --models {input.models} --output {output} 2>&1 | tee {log}"


rule judge_claims:
    input:
        code=code("judge_claims.py"),
        claims="config/claims.csv",
        tables=tables_for_claims(),
    output:
        f"{RESULTS}/claims.csv",
    log:
        f"{RESULTS}/logs/judge_claims.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(30),
    params:
        results=subpath(output[0], parent=True),
        studies=STUDIES,
    shell:
        "python scripts/judge_claims.py --claims {input.claims} --results {params.results} --studies {params.studies}"
        " --tables {input.tables} --output {output} 2>&1 | tee {log}"
