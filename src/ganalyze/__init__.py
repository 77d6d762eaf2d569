"""GANalyze (Goetschalckx, Andonian, Oliva & Isola, ICCV 2019), reproduced. The rooms, in the order of the paper; each
imports only from those above it:

    support      errors, files, tables, progress, randomness, settings
    images       image sets, how images are read, pixels
    models       generators, assessors, segmenters, feature extractors, their weights (paper §2.1)
    direction    T(z, α), learning θ, generating image sets (§2.1, §2.2), comparing directions (§4)
    measures     scores, masks, factors, realness (§3.1–3.3)
    statistics   mixed-effects models (§3.1)
    experiments  the memory game and the 2AFC task: tracks, trials, exclusions, simulated people, hosting (§3.3.2, §3.4)
    figures      the paper's figures
    report       the paper's numbers beside ours, and the page that shows all
    run          a valid run: the settings of all these

docs/architecture.md has the map in full.
"""
