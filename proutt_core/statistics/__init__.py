"""Agreement and win-tie-loss. Plain arrays in, frozen dataclasses out; None wherever a quantity is undefined.

labels        who gave which verdict on which item; the CSV reader; the coding by method (a +1, tie 0, b -1)
coefficients  raw agreement, Krippendorff's alpha, Cohen's and Fleiss' kappa on arrays
majority      strict majority, a judge against it, the human ceiling
agreement     the report over all of it
quantities    the report as rows to read
win_tie_loss  one verdict per case, net win rate, exact sign test
"""
