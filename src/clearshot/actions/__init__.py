"""File actions: plans that are data, carried out step by step, journaled, and taken back by undo.

`plan` and `journal` hold the records, `lock` the lock. `atomic`, `parts` and `identity` know the
disk, `moves` and its neighbours what each kind of step does there. `step` carries one step out,
`apply` a plan, `undo` takes it back, and `recovery` puts in order what an interrupted run left.
"""
