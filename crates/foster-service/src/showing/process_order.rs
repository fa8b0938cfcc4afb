use std::collections::{BTreeMap, HashSet};

use foster_process::MemberDetails;

/// Puts each process behind its parent, followed by what it has started itself, the oldest first.
pub(crate) fn in_order(mut processes: Vec<MemberDetails>) -> Vec<MemberDetails> {
    processes.sort_by_key(|process| (process.identity.start_time, process.identity.pid));
    let pairs = processes
        .iter()
        .map(|process| (process.identity.pid, process.parent));
    let order = order(&pairs.collect::<Vec<_>>());
    let mut slots: Vec<_> = processes.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|index| slots.get_mut(index)?.take())
        .collect()
}

/// Returns the indices of `(pid, parent)`, parents before their children. Numbers that were read at
/// different moments may contradict each other; nobody is left out for that.
fn order(pairs: &[(i32, i32)]) -> Vec<usize> {
    let there: HashSet<i32> = pairs.iter().map(|(pid, _)| *pid).collect();
    let mut children: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
    let mut next = Vec::new();
    for (index, (_, parent)) in pairs.iter().enumerate().rev() {
        if there.contains(parent) {
            children.entry(*parent).or_default().push(index);
        } else {
            next.push(index);
        }
    }
    let mut order = Vec::with_capacity(pairs.len());
    while let Some(index) = next.pop() {
        order.push(index);
        let (pid, _) = pairs[index];
        next.extend(children.remove(&pid).unwrap_or_default());
    }
    // In a circle nobody comes first.
    order.extend(children.into_values().flatten());
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_follow_their_parents_at_once() {
        let check = |pairs: &[(i32, i32)], wanted: &[usize]| {
            assert_eq!(order(pairs), wanted, "{pairs:?}");
        };
        check(&[], &[]);
        check(&[(5, 1), (3, 5), (9, 1), (4, 3), (7, 5)], &[0, 1, 3, 4, 2]);
        // A number that was given anew: the child is older than its parent.
        check(&[(8, 2), (2, 1)], &[1, 0]);
        check(&[(1, 2), (2, 1), (3, 0)], &[2, 1, 0]);
    }
}
