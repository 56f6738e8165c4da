"""EKS: add-ons and insights, which moto does not keep. No cluster has any."""

from typing import Any

from front.answers import Call, answer


@answer("eks", "ListAddons")
def list_addons(_: Call) -> dict[str, Any]:
    return {"addons": []}


@answer("eks", "ListInsights")
def list_insights(_: Call) -> dict[str, Any]:
    return {"insights": []}
