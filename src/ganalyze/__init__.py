"""GANalyze (Goetschalckx, Andonian, Oliva & Isola, ICCV 2019), reproduced.

The rooms, in the order of the paper: `generators`, `assessors`, `transformer` (§2.1), `training` (§2.2),
`generation` and `image_sets` (§2.2, test set), `mixed_models` (§3.1), `figures`, `report`.
"""
