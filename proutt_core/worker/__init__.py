"""Long works that read and write the database: shared by the worker process and the command line.

imports.py      a file into a dataset
synthesis.py    a synthesis run         prediction.py   a method's predictions      judging.py   a judge run
items.py        what runs the items of any such job: claims, leases, outages, stopping
calls.py        the model as those items see it: limited, watched, cached, every call linked to its item
loop.py         the worker process, with what its jobs share in shared.py and watch.py
sample.py       the bundled sample project
exporting.py    a run's pairs as a file of training data
results.py      a closed study's report and agreement
"""
