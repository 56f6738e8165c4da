"""SageMaker: Studio's applications, which moto does not keep. The estate has none."""

from typing import Any

from front.answers import Call, answer


@answer("sagemaker", "ListApps")
def list_apps(_: Call) -> dict[str, Any]:
    return {"Apps": []}
