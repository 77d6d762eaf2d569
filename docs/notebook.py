# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # A direction in ten lines
#
# A *generator* makes faces from vectors z; an *assessor* scores them, here for how beautiful a photograph they would
# make (NIMA, mean rating from 1 to 10). GANalyze learns the direction in z along which the score rises by α. Two
# minutes on two free CPU cores; missing weights are fetched first (54 MB). More samples, a better direction.
# %%
import ganalyze

generator = ganalyze.load_generator("mobilestylegan-ffhq", image_size=256)
assessor = ganalyze.load_assessor("nima-aesthetic")
direction = ganalyze.train_direction(generator, assessor, samples=48, batch_size=8, learning_rate=0.1)

# %% [markdown]
# Faces that training never saw, moved along it. Their scores stand below them.
# %%
alphas = (-0.4, 0, 0.4)
faces = ganalyze.images_along(generator, direction, alphas, seeds=4)
scores = ganalyze.score(assessor, faces)
ganalyze.show(faces, scores, alphas)

# %% [markdown]
# These people do not exist, and what changes tells what two networks associate, not what people are. Go on with
# `direction.save`, `ganalyze.Transformer.load`, `ganalyze.invert` (a photograph of yours), `ganalyze.fit_mixed_model`;
# `help(ganalyze.library)` tells of each.
