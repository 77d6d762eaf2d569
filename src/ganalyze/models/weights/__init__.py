"""Pretrained weights.

`config/weights.yaml` lists every file with its licence, its hash and where it can be had (`catalogue`). `files` fetches
one, by `download`, and says where it is; `records` tells what it was when it came; `loading` reads what is in it.
In the folder `weights/` a file lies under its published name, beside it the record:

    weights/model.pt
    weights/model.pt.sha256     `cd weights && sha256sum -c model.pt.sha256` checks it
    weights/model.pt.part       a download that was interrupted; the next one goes on from there
"""
