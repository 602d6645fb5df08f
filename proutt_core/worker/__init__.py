"""Long works that read and write the database: shared by the worker process and the command line.

imports.py      a file into a dataset
synthesis.py    a synthesis run         prediction.py   a method's predictions
items.py        what runs the items of any such job: claims, leases, outages, stopping
loop.py         the worker process
"""
