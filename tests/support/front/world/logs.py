"""Logs in many forms: plain, JSON, Korean, very long, with a stack trace, and with control sequences."""

import json

from front.clock import ago
from front.world import RENDER, Place

LONG = "payload=" + "0123456789abcdef" * 400

SHOP = (
    "INFO  주문이 접수되었습니다 order=184467 고객=김민지",
    "WARN  재고 부족: sku=A-1007 남은 수량 2개",
    json.dumps(
        {"level": "error", "message": "결제 실패", "order": 184468, "latency_ms": 5012}, ensure_ascii=False
    ),
    json.dumps({"level": "info", "message": "cart updated", "user": {"id": 42}, "latency_ms": 12}),
    "ERROR upstream timed out (110: Connection timed out) while reading response header from upstream",
    'Traceback (most recent call last):\n  File "/app/main.py", line 12, in <module>\n'
    '    raise ValueError("boom")\nValueError: boom',
    # What a terminal must never see: a title change, a clear screen, a bidi override, a C1 control.
    "INFO  agent=\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m \u202etxt.exe\u202c \x9b1mC1",
    "DEBUG " + LONG,
    "INFO  이모지 🛒 and ｆｕｌｌ ｗｉｄｔｈ",
)

RENDER_LINES = (
    "INFO  job 7001 accepted",
    "INFO  loading checkpoint sdxl-1.0.safetensors",
    "ERROR torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB",
    "WARN  queue depth 43, oldest 912 s",
)

GROUPS = {
    "ap-northeast-2": {"/ecs/shop-checkout": SHOP, "/ecs/shop-cart": SHOP[:4], "/shop/batch": ()},
    "us-east-1": {"/ecs/render-api": RENDER_LINES, "/render/workers": RENDER_LINES},
}

# Events in each group, over the last hour.
ROUNDS = 12


def build(place: Place) -> None:
    logs = place.client("logs")
    for group, lines in GROUPS[place.region].items():
        logs.create_log_group(logGroupName=group)
        if place.region == RENDER:
            logs.put_retention_policy(logGroupName=group, retentionInDays=14)
        streams = ("app/app/0001", "app/app/0002")
        for stream in streams:
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
        written = [(ROUNDS * len(lines) - n, lines[n % len(lines)]) for n in range(ROUNDS * len(lines))]
        for which, stream in enumerate(streams):
            # The streams take turns, so that a group is in order only if they are merged.
            events = [
                {"timestamp": int(ago(seconds=30 * back).timestamp() * 1000), "message": text}
                for back, text in written
                if back % 2 == which
            ]
            if events:
                logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
