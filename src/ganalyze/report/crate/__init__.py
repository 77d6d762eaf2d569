"""A finished run as an archive that others can read, check and cite: a Provenance Run Crate, in one zip.

Folders in it are those of the clone, so that commands read as they were run. It holds the code, the configuration and
the results. It tells of each file its hash, of figures their captions, of each job its command and time, and of the
networks of others, which it does not hold, their source, hash and licence.
"""
