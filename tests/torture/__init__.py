"""A small company's OUT, ill-treated: killed runs, two writers, a full disk, while
readers poll what is published. `make torture` runs it."""
