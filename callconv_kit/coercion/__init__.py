"""Reading cells: one module a kind.

A kernel is a pure function of a text array. The scalar rule of each module is the truth and runs
once per distinct text; a vector path takes only cells that it fully knows.
"""
