"""A page on one's own machine that moves faces and photographs along the directions of a run (`make explore`)."""
