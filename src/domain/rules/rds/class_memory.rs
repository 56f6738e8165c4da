//! How much memory a DB instance class has.

/// Memory of a class, GiB; `None` for a class whose family or size is not known here.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html>
pub fn gib(class: &str) -> Option<f64> {
    let mut parts = class.strip_prefix("db.")?.split('.');
    let (family, size) = (parts.next()?, parts.next()?);
    // A third part, as in `r5.large.tpc1.mem2x`, multiplies the memory: better not known than wrong.
    if parts.next().is_some() {
        return None;
    }
    let per_large = match family {
        "t2" | "t3" | "t4g" => return burstable(size),
        "m3" => 7.5,
        "r3" | "r4" => 15.25,
        "x1" | "x1e" | "z1d" => return None,
        "x2g" | "x2idn" | "x2iedn" | "x2iezn" => 32.0,
        _ => match family.chars().next()? {
            'm' => 8.0,
            'r' => 16.0,
            'c' => 4.0,
            _ => return None,
        },
    };
    Some(per_large * larges(size)?)
}

fn burstable(size: &str) -> Option<f64> {
    Some(match size {
        "micro" => 1.0,
        "small" => 2.0,
        "medium" => 4.0,
        "large" => 8.0,
        "xlarge" => 16.0,
        "2xlarge" => 32.0,
        _ => return None,
    })
}

/// How many times a `large` the size is.
fn larges(size: &str) -> Option<f64> {
    match size {
        "medium" => Some(0.5),
        "large" => Some(1.0),
        "xlarge" => Some(2.0),
        _ => {
            let times: u16 = size.strip_suffix("xlarge")?.parse().ok()?;
            Some(f64::from(times) * 2.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_follows_family_and_size() {
        for (class, memory) in [
            ("db.t3.micro", Some(1.0)),
            ("db.t4g.medium", Some(4.0)),
            ("db.t3.2xlarge", Some(32.0)),
            ("db.m5.large", Some(8.0)),
            ("db.m6g.4xlarge", Some(64.0)),
            ("db.m6gd.16xlarge", Some(256.0)),
            ("db.r6g.large", Some(16.0)),
            ("db.r5b.24xlarge", Some(768.0)),
            ("db.r4.xlarge", Some(30.5)),
            ("db.c6gd.medium", Some(2.0)),
            ("db.x2g.large", Some(32.0)),
            ("db.serverless", None),
            ("db.x1e.xlarge", None),
            ("db.r5.large.tpc1.mem2x", None),
            ("db.u7.huge", None),
            ("m5.large", None),
        ] {
            assert_eq!(gib(class), memory, "{class}");
        }
    }
}
