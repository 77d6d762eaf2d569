"""Running an experiment with people: the server, bundles for other hosts, their answers."""
