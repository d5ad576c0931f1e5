"""An independent reading of the contract of the lead lifecycle.

Plain Python, row by row, written from the specification. It shares nothing
with the SQL or with `orchestration/`: where the two disagree, one of them has
misread a sentence.
"""
