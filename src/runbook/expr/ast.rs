//! The tree of an expression.

use crate::runbook::value::Value;

/// A part of an expression and the bytes of the expression that hold it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Literal(Value),
    /// A name from outside, or the name of a function's argument.
    Name(String),
    /// `of.name`, or `of?.name`.
    Part {
        of: Box<Node>,
        name: String,
        access: Access,
    },
    /// `of[index]`.
    Item {
        of: Box<Node>,
        index: Box<Node>,
    },
    List(Vec<Node>),
    Not(Box<Node>),
    Negative(Box<Node>),
    Binary {
        op: Op,
        left: Box<Node>,
        right: Box<Node>,
    },
    /// `condition ? yes : no`.
    Choice {
        condition: Box<Node>,
        yes: Box<Node>,
        no: Box<Node>,
    },
    Call {
        function: &'static super::Function,
        arguments: Vec<Argument>,
    },
}

/// What is done about reading a part of nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// It is an error.
    Strict,
    /// It is nothing.
    Lenient,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Argument {
    Value(Node),
    /// `item -> body`.
    Lambda {
        item: String,
        body: Node,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    And,
    Or,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    /// `a ?? b`: `b` if `a` is nothing.
    Else,
}

impl Op {
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Else => "??",
        }
    }
}

impl Node {
    /// The longest plain path that this part is, such as `params.fleet`, if it is one.
    fn path(&self) -> Option<Vec<String>> {
        match &self.kind {
            Kind::Name(name) => Some(vec![name.clone()]),
            Kind::Part { of, name, .. } => {
                let mut path = of.path()?;
                path.push(name.clone());
                Some(path)
            }
            _ => None,
        }
    }

    /// Parts inside each other.
    pub(super) fn depth(&self) -> usize {
        let below = match &self.kind {
            Kind::Literal(_) | Kind::Name(_) => 0,
            Kind::Part { of, .. } | Kind::Not(of) | Kind::Negative(of) => of.depth(),
            Kind::Item { of, index } => of.depth().max(index.depth()),
            Kind::List(items) => items.iter().map(Self::depth).max().unwrap_or(0),
            Kind::Binary { left, right, .. } => left.depth().max(right.depth()),
            Kind::Choice { condition, yes, no } => condition.depth().max(yes.depth()).max(no.depth()),
            Kind::Call { arguments, .. } => {
                let inner = arguments.iter().map(|argument| match argument {
                    Argument::Value(node) | Argument::Lambda { body: node, .. } => node.depth(),
                });
                inner.max().unwrap_or(0)
            }
        };
        below + 1
    }

    /// Adds every path that begins with a name from outside.
    pub(super) fn references(&self, bound: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
        if let Some(path) = self.path() {
            if !bound.contains(&path[0]) && !paths.contains(&path) {
                paths.push(path);
            }
            return;
        }
        match &self.kind {
            Kind::Literal(_) | Kind::Name(_) => {}
            Kind::Part { of, .. } | Kind::Not(of) | Kind::Negative(of) => of.references(bound, paths),
            Kind::Item { of, index } => {
                of.references(bound, paths);
                index.references(bound, paths);
            }
            Kind::List(items) => items.iter().for_each(|item| item.references(bound, paths)),
            Kind::Binary { left, right, .. } => {
                left.references(bound, paths);
                right.references(bound, paths);
            }
            Kind::Choice { condition, yes, no } => {
                for part in [condition, yes, no] {
                    part.references(bound, paths);
                }
            }
            Kind::Call { arguments, .. } => {
                for argument in arguments {
                    match argument {
                        Argument::Value(value) => value.references(bound, paths),
                        Argument::Lambda { item, body } => {
                            bound.push(item.clone());
                            body.references(bound, paths);
                            bound.pop();
                        }
                    }
                }
            }
        }
    }
}
