"""Would the sample teach an order that somebody hid in a document?"""

from collections.abc import Sequence

from ondol.core.examples import Draft, Passage, Verdict
from ondol.forge.verify.verdict import accept, refuse
from ondol.policy.injection import CONTROL_TOKEN, is_instruction


class InjectionCheck:
    """No order to an AI in the question, the answer, the quotations or the passages shown.

    Cannot see an order in unusual words. A manual *about* prompts is refused too.
    """

    name = "injection"

    def judge(self, draft: Draft, passages: Sequence[Passage]) -> Verdict:  # noqa: ARG002 - protocol
        """Look at all that would be taught or shown."""
        texts = [text for t in draft.turns for text in (t.question, t.answer, *(e.quote for e in t.evidence))]
        texts += [p.text for p in draft.passages]
        for text in texts:
            if is_instruction(text) or CONTROL_TOKEN.search(text):
                return refuse(self.name, f"This speaks to an AI: {' '.join(text.split())[:120]!r}.")
        return accept(self.name)
