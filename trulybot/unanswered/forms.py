"""What a caller may send."""

from pydantic import BaseModel, ConfigDict

from trulybot.curated.forms import Question, Wording


class Approval(BaseModel):
    """answer: the draft, as you corrected it. question: how the answer is listed; else as it was first asked."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"answer": "We deliver to Oslo and Bergen."}]})

    answer: Wording
    question: Question | None = None
