"""What AWS says when it says no."""


class Refusal(Exception):
    """An error answer, whatever the protocol it travels in."""

    def __init__(self, code: str, message: str, status: int = 400):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


# How each service names a parameter that it does not accept.
VALIDATION = {
    "autoscaling": "ValidationError",
    "cloudtrail": "InvalidMaxResultsException",
    "cloudwatch": "ValidationError",
    "ec2": "InvalidParameterValue",
    "ecs": "InvalidParameterException",
    "elasticache": "InvalidParameterValue",
    "elasticloadbalancing": "ValidationError",
    "logs": "InvalidParameterException",
    "rds": "InvalidParameterValue",
    "sqs": "InvalidParameterValue",
}


def invalid(service: str, message: str) -> Refusal:
    """A parameter that the service does not accept."""
    return Refusal(VALIDATION.get(service, "ValidationException"), message)
