"""Long works that read and write the database: shared by the worker process and the command line.

imports.py      a file into a dataset
synthesis.py    a synthesis run         prediction.py   a method's predictions      judging.py   a judge run
items.py        what runs the items of any such job: claims, leases, stopping; series.py what a series of failures says
calls.py        the model as those items see it: limited, watched, cached, every call linked to its item
call_log.py     the call log as a process uses it: lookups together, stores behind the stages' backs
budget.py       what a job may still spend   costs.py  prices and bills   prices.py  the prices the product starts with
estimating.py   what a synthesis run would take
loop.py         the worker process, with what its jobs share in shared.py and watch.py; webhook.py tells what became of
                a job
sample.py       the bundled sample project
exporting.py    a run's pairs as a file of training data
results.py      a closed study's report and agreement
"""
