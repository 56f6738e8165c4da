//! What a build writes into its own stream: its phases, and what failed.

use super::super::sim::pipeline::FAILED_PHASE;

/// The line of the given second of a build's life, if it writes one; `left` is how many seconds it still
/// has, which nobody knows of one that is under way.
pub fn line(age: i64, left: Option<i64>, failed: bool) -> Option<String> {
    let (phase, _, message) = FAILED_PHASE;
    let text = match (age, left, failed) {
        (_, Some(0), true) => format!("Phase complete: {phase} State: FAILED"),
        (_, Some(1), true) => message.to_owned(),
        (_, Some(0), false) => "Phase complete: POST_BUILD State: SUCCEEDED".to_owned(),
        (0, ..) => "Waiting for agent ping".to_owned(),
        (2, ..) => "Phase complete: DOWNLOAD_SOURCE State: SUCCEEDED".to_owned(),
        (3, ..) => "Entering phase PRE_BUILD".to_owned(),
        (5, ..) => "Running command aws ecr get-login-password | docker login --username AWS --password-stdin $ECR_REPO"
            .to_owned(),
        (7, ..) => "Login Succeeded".to_owned(),
        (8, ..) => "Entering phase BUILD".to_owned(),
        (9, ..) => "Running command docker build -t $ECR_REPO:$IMAGE_TAG -f Dockerfile.prod ..".to_owned(),
        (10.., ..) if age % 15 == 0 => format!("#{} 컴파일 중 ({age} s)", age / 15 + 4),
        _ => return None,
    };
    Some(format!("[Container] {text}"))
}
