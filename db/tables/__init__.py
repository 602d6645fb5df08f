"""The tables. What each holds and what the database itself enforces; reading and writing live in the rooms of db/."""

from db.tables._items import ClaimableItem
from db.tables.accounts import EventRow, LoginFailure, LoginSession, RoleGrant, User
from db.tables.datasets import Dataset, DialogueRow, NearDuplicate, SampleRow
from db.tables.exports import Export, ExportRow
from db.tables.jobs import ItemCall, Job, JobUsage, LlmCall, ModelPrice, Worker
from db.tables.review import AnswerShown, Assignment, Judgement, PairReview, Queue, QueueItem, QueueMember, TreeReview
from db.tables.studies import JudgeVerdict, Method, PredictionRow, Study, StudyCase
from db.tables.synthesis import PreferencePair, SynthesisItem

__all__ = [
    "AnswerShown",
    "Assignment",
    "ClaimableItem",
    "Dataset",
    "DialogueRow",
    "EventRow",
    "Export",
    "ExportRow",
    "ItemCall",
    "Job",
    "JobUsage",
    "JudgeVerdict",
    "Judgement",
    "LlmCall",
    "LoginFailure",
    "LoginSession",
    "Method",
    "ModelPrice",
    "NearDuplicate",
    "PairReview",
    "PredictionRow",
    "PreferencePair",
    "Queue",
    "QueueItem",
    "QueueMember",
    "RoleGrant",
    "SampleRow",
    "Study",
    "StudyCase",
    "SynthesisItem",
    "TreeReview",
    "User",
    "Worker",
]
