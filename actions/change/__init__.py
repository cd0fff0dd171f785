"""What a customer may do by talking: one form for all of it, and a small file for each kind of change.

`opening` says which change a message wishes for, `form` asks only what is missing, restates, and does it once;
`kinds` is what each kind must say of itself. The services of `care` do the work and keep the rules.
"""
