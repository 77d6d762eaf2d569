# Both experiments of a run's first study in a browser, on this machine, for the experimenter to try (`make pilot`).
# Generated images that no direction has changed stand in for photographs.

PILOT = f"{RESULTS}/pilot"


def pilot_images(names):
    return [f"{RESULTS}/{STUDIES[0]}/images/{name}.unscored.csv" for name in names]


use rule generate_reference as generate_stand_ins with:
    output:
        manifest=f"{PILOT}/real.csv",
        images=f"{PILOT}/real.zip",
    log:
        "<logs>/generate_stand_ins.log",
    benchmark:
        "<benchmarks>/generate_stand_ins.tsv"
    params:
        set="--set real",
        settings="--seeds-per-class 160",


use rule build_tracks as build_pilot_tracks with:
    input:
        code=code("build_tracks.py"),
        manifests=pilot_images(["test", "vigilance"]),
        foils=f"{PILOT}/real.csv",
    output:
        f"{PILOT}/two_afc.csv",
    log:
        "<logs>/build_pilot_tracks.log",
    benchmark:
        "<benchmarks>/build_pilot_tracks.tsv"
    params:
        experiment="two_afc",
        settings=lambda w, input: f"--participants 20 --series 1 --foils {input.foils}",
