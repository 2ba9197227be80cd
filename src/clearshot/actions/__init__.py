"""File actions: plans that are data, carried out step by step, journaled, and taken back by undo.

`plan` and `journal` hold the records, `atomic` the moves on disk, `lock` the lock. `apply` carries
a plan out, `undo` takes it back, `recovery` puts in order what an interrupted run left.
"""
