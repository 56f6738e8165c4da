//! Why a task stopped, told from the sentences that ECS and containers leave behind.

/// The reasons that differ in what to do next, the most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StopReason {
    /// The image is built for another processor.
    WrongArchitecture,
    /// The image or its tag is not in the registry.
    ImageGone,
    /// The image is there and may not be pulled, or the registry cannot be reached.
    ImageRefused,
    /// A secret, a parameter or the registry's token could not be had.
    SecretRefused,
    /// The container took more memory than it may.
    OutOfMemory,
    /// The container's or the load balancer's health check failed.
    HealthCheck,
    /// AWS took the Spot capacity back.
    SpotTaken,
    /// There is no room for the task.
    NoCapacity,
    /// An essential container ended with an error.
    Exited,
    /// The task did not start.
    FailedToStart,
}

impl StopReason {
    /// The reason that a text of ECS, or of a container, tells of.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html>
    pub fn of(text: &str) -> Option<Self> {
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if has(&[
            "exec format error",
            "does not contain descriptor matching platform",
            "no matching manifest for",
        ]) {
            Some(Self::WrongArchitecture)
        } else if has(&[
            "CannotPullContainerError",
            "CannotPullImageManifestError",
            "CannotPullECRContainerError",
        ]) {
            if has(&["not found", "manifest unknown", "does not exist", "NotFound"]) {
                Some(Self::ImageGone)
            } else {
                Some(Self::ImageRefused)
            }
        } else if has(&["ResourceInitializationError"]) {
            Some(Self::SecretRefused)
        } else if has(&["OutOfMemory", "out of memory", "memory usage"]) {
            Some(Self::OutOfMemory)
        } else if has(&["health check", "is unhealthy in"]) {
            Some(Self::HealthCheck)
        } else if has(&["Spot Task was interrupted", "Spot interruption"]) {
            Some(Self::SpotTaken)
        } else if has(&["unable to place a task", "Capacity is unavailable", "RESOURCE:"]) {
            Some(Self::NoCapacity)
        } else if has(&["Essential container in task exited"]) {
            Some(Self::Exited)
        } else if has(&["failed to start", "unable to consistently start tasks"]) {
            Some(Self::FailedToStart)
        } else {
            None
        }
    }

    /// The reason in a row's few words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::WrongArchitecture => "wrong architecture",
            Self::ImageGone => "image gone",
            Self::ImageRefused => "image cannot be pulled",
            Self::SecretRefused => "secret cannot be read",
            Self::OutOfMemory => "out of memory",
            Self::HealthCheck => "health check failed",
            Self::SpotTaken => "Spot taken back",
            Self::NoCapacity => "no room for tasks",
            Self::Exited => "container exited",
            Self::FailedToStart => "failed to start",
        }
    }

    /// What to look at.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::WrongArchitecture => {
                "The image is built for another processor than the task's: compare the image's platform with the task definition's CPU architecture."
            }
            Self::ImageGone => {
                "The image is not in the registry: a tag that was never pushed, or a lifecycle rule that removed it."
            }
            Self::ImageRefused => {
                "The image cannot be pulled: check the execution role, the route to the registry and its limits."
            }
            Self::SecretRefused => {
                "A secret or the registry's token cannot be had: check the execution role and the route to Secrets Manager, Systems Manager and the registry."
            }
            Self::OutOfMemory => "The container takes more memory than the task definition allows.",
            Self::HealthCheck => {
                "The task runs and its health check fails: check path, port, grace period and start-up time."
            }
            Self::SpotTaken => "AWS took the Spot capacity back; the service tries to replace it.",
            Self::NoCapacity => {
                "No instance or zone has room for the task: check the capacity provider and its group."
            }
            Self::Exited => "The container ended by itself: its log says why.",
            Self::FailedToStart => "The tasks do not start: the stopped tasks and their log say why.",
        }
    }

    /// Whether trying again cannot help.
    pub const fn is_final(self) -> bool {
        match self {
            Self::WrongArchitecture | Self::ImageGone => true,
            Self::ImageRefused
            | Self::SecretRefused
            | Self::OutOfMemory
            | Self::HealthCheck
            | Self::SpotTaken
            | Self::NoCapacity
            | Self::Exited
            | Self::FailedToStart => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sentence_has_its_reason() {
        for (text, reason) in [
            (
                "exec /app/start: exec format error",
                Some(StopReason::WrongArchitecture),
            ),
            (
                "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'",
                Some(StopReason::WrongArchitecture),
            ),
            (
                "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref r/api:bad: r/api:bad: not found",
                Some(StopReason::ImageGone),
            ),
            (
                "CannotPullContainerError: pull access denied, repository may require authorization",
                Some(StopReason::ImageRefused),
            ),
            (
                "ResourceInitializationError: unable to pull secrets or registry auth",
                Some(StopReason::SecretRefused),
            ),
            (
                "OutOfMemoryError: Container killed due to memory usage",
                Some(StopReason::OutOfMemory),
            ),
            (
                "Task failed ELB health checks in (target-group tg)",
                Some(StopReason::HealthCheck),
            ),
            (
                "(service api) (port 80) is unhealthy in (target-group tg) due to (reason Request timed out)",
                Some(StopReason::HealthCheck),
            ),
            ("Your Spot Task was interrupted.", Some(StopReason::SpotTaken)),
            (
                "(service api) was unable to place a task because no container instance met all of its requirements.",
                Some(StopReason::NoCapacity),
            ),
            ("Essential container in task exited", Some(StopReason::Exited)),
            (
                "(service api) (deployment ecs-svc/1) deployment failed: tasks failed to start.",
                Some(StopReason::FailedToStart),
            ),
            ("Scaling activity initiated by (deployment ecs-svc/1)", None),
            ("(service api) has reached a steady state.", None),
        ] {
            assert_eq!(StopReason::of(text), reason, "{text}");
        }
    }
}
