# What it comes to: Table 1, and the paper's numbers beside ours.


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
