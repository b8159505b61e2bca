"""Lines for the drugs themselves: from what was given to code, whole units, waste and modifiers (dossier R32 to R32f).

`given.py` says which services carry a drug line, `product.py` which code, `amount.py` how much, `container.py` and
`waste.py` what was discarded, `dispensed.py` puts them together; the rules of `SUPPLY` then say what follows.
"""

# Queries about a drug's own line; they say nothing about its administration.
OF_DRUGS = frozenset(
    ["dose-unit", "patient-weight", "vial-size-or-waste", "drug-code-ambiguous", "drug-source", "340b"]
)
