"""A file of labels to begin with, as a spreadsheet opens it."""

TEMPLATE = """\
item,rater,kind,verdict
q1,Ann,human,a
q1,Bo,human,tie
q1,gpt,judge,b
"""
