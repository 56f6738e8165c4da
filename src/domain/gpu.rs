//! GPUs of EC2 instances.

/// Whether instances of the type have NVIDIA GPUs.
pub fn is_gpu_type(instance_type: &str) -> bool {
    let family = instance_type.split('.').next().unwrap_or(instance_type);
    matches!(family, "g4dn" | "g5" | "g5g" | "g6" | "g6e" | "gr6")
        || (family.starts_with('p') && family[1..].starts_with(|c: char| c.is_ascii_digit()))
}
