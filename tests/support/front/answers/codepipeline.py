"""CodePipeline: where pipelines are. moto keeps what they are, and knows no executions."""

from typing import Any

from front.answers import Call, answer
from front.clock import ago

EXECUTION = "6f1d3c52-0000-4000-8000-000000000001"


@answer("codepipeline", "GetPipelineState")
def get_pipeline_state(call: Call) -> dict[str, Any]:
    """Every stage has succeeded an hour ago."""
    name = call.params["name"]
    declared = call.moto("GetPipeline", {"name": name})
    stages = [
        {
            "stageName": stage["name"],
            "latestExecution": {"pipelineExecutionId": EXECUTION, "status": "Succeeded"},
            "actionStates": [
                {
                    "actionName": action["name"],
                    "latestExecution": {"status": "Succeeded", "lastStatusChange": ago(hours=1)},
                }
                for action in stage["actions"]
            ],
        }
        # Nothing leads into the first one.
        | ({"inboundTransitionState": {"enabled": True}} if position else {})
        for position, stage in enumerate(declared["pipeline"]["stages"])
    ]
    return {"pipelineName": name, "pipelineVersion": declared["pipeline"]["version"], "stageStates": stages}


@answer("codepipeline", "ListPipelineExecutions")
def list_pipeline_executions(_: Call) -> dict[str, Any]:
    return {
        "pipelineExecutionSummaries": [
            {
                "pipelineExecutionId": EXECUTION,
                "status": "Succeeded",
                "startTime": ago(hours=2),
                "lastUpdateTime": ago(hours=1),
            }
        ]
    }
