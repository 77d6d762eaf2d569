# What it comes to: Table 1, and the paper's numbers beside ours.

from ganalyze.report.claims import table_of

TABLES1 = [
    f"{RESULTS}/tables/table1.csv"
    for study in RUN.studies
    if study.name == "memorability" and "memory_game" in EXPERIMENTS_OF[study.name]
]


def tables_for_claims():
    """What claims are about, as far as this run has it."""
    kinds = ["score", "factors", *(["realness"] if RUN.realness else [])]
    asked = {
        study: [name for name in names if EXPERIMENTS[name].paper_quantity] for study, names in EXPERIMENTS_OF.items()
    }
    return [f"{RESULTS}/{study}/{table_of(kind)}" for study in STUDIES for kind in (*kinds, *asked[study])]


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
        "python scripts/make_table1.py --models {input.models} --output {output} 2>&1 | tee {log}"


rule judge_claims:
    input:
        code=code("judge_claims.py"),
        claims="config/claims.csv",
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
    shell:
        "python scripts/judge_claims.py --claims {input.claims} --results {params.results} --studies {params.studies}"
        " --tables {input.tables} --output {output} 2>&1 | tee {log}"
