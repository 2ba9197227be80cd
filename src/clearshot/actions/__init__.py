"""File actions: plans that are data, carried out step by step, journaled, and taken back by undo.

`plan` and `journal` hold the records, `atomic` the moves on disk, `lock` the lock. `step` carries
one step out, `apply` a plan, `undo` takes it back, and `recovery` puts in order what an interrupted
run left.
"""
