"""Text that speaks to an AI instead of a reader, and tokens that could pose as the chat itself."""

import re

CONTROL_TOKEN = re.compile(
    r"<\|[^|>\n]{1,40}\|>|\[\|[^|\]\n]{1,40}\|\]|</?s>|\[/?INST\]|<</?SYS>>|</?(?:think|thought|start_of_turn|end_of_turn"
    r"|tool_call|tool_response|system|assistant|user|bos|eos|passage|passages|question|sentence)\b[^>\n]{0,40}>"
    r"|<｜[^｜>\n]{1,40}｜>|^\s*(?:#{2,}\s*)?(?:System|Assistant|User|Human|AI)\s*:",
    re.IGNORECASE | re.MULTILINE,
)
"""Opens or closes a turn, a system prompt or a thought in the chat templates of common model families."""

_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:previous|prior|above|earlier|preceding|all|any|your|these"
    r"|system)\b[^.\n]{0,30}\b(?:instructions?|prompts?|rules?|directions?|guidelines?|context|messages?)\b"
    r"|\byou are (?:now|no longer)\b|\b(?:as|you're) an? (?:AI|language model|assistant)\b|\bsystem prompt\b"
    r"|\b(?:dear |hey |note to |attention,? )(?:AI|assistants?|language models?|LLMs?|chatbots?)\b"
    r"|\b(?:respond|reply|answer) (?:only )?with\b|\bdo not (?:tell|inform|mention to) the user\b"
    r"|(?:이전|위|앞|모든|기존|지금까지)(?:의|에|에서)? ?(?:모든 )?(?:지시|명령|지침|프롬프트|규칙"
    r"|내용)[^.\n]{0,12}(?:무시|잊|따르지)"
    r"|시스템 ?프롬프트|당신은 (?:이제|지금부터)|(?:인공지능|AI|언어 ?모델|챗봇|어시스턴트)(?:은|는|에게"
    r"|이라면|라면|아|야|,)"
    r"[^.\n]{0,40}(?:하라|하시오|하세요|해라|해야|답하|출력|말하)",
    re.IGNORECASE,
)


def is_instruction(text: str) -> bool:
    """Tell whether a sentence speaks to an AI instead of a reader (*ignore all previous instructions*)."""
    return _INSTRUCTION.search(text) is not None
