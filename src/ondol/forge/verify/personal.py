"""Would the sample teach personal data?"""

from collections.abc import Sequence

from ondol.core.examples import Draft, Passage, Verdict
from ondol.forge.verify.verdict import accept, refuse
from ondol.policy.redact import PERSONAL, find_personal


class PersonalCheck:
    """No address, number or secret of a person in what is taught or shown.

    Cannot see names and postal addresses: those need a model.
    """

    name = "personal"

    def judge(self, draft: Draft, passages: Sequence[Passage]) -> Verdict:  # noqa: ARG002 - protocol
        """Look at all that would be taught or shown; the value itself is not repeated in the verdict."""
        texts = [text for t in draft.turns for text in (t.question, t.answer)]
        texts += [p.text for p in draft.passages]
        for text in texts:
            kinds = [span.kind for span in find_personal(text) if span.kind in PERSONAL]
            if kinds:
                return refuse(self.name, f"There is personal data in it: {', '.join(dict.fromkeys(kinds))}.")
        return accept(self.name)
