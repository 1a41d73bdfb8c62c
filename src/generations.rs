//! A memory of a bounded size, for what is dear to find out and asked for again and again. Must not know what
//! it remembers, nor import anything of the house.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// At most two generations: when the younger is full, the older is forgotten. What is asked for moves to the
/// younger, and so stays.
pub struct Generations<K, V> {
    /// What those of a generation weigh together.
    size: usize,
    weigh: fn(&V) -> usize,
    both: Mutex<Both<K, V>>,
}

struct Both<K, V> {
    young: HashMap<K, V>,
    /// What the young ones weigh.
    weight: usize,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V: Clone> Generations<K, V> {
    /// Nothing yet, and never more than two generations of `size`, which is at least one.
    pub fn new(size: usize) -> Self {
        Self::weighing(size, |_| 1)
    }

    /// Nothing yet, and never more than two generations that weigh `size` each. One that weighs more by itself
    /// is a generation alone.
    pub fn weighing(size: usize, weigh: fn(&V) -> usize) -> Self {
        let both = Both { young: HashMap::new(), weight: 0, old: HashMap::new() };
        Self { size, weigh, both: Mutex::new(both) }
    }

    /// What is remembered of `key`.
    pub fn find<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let mut both = self.lock();
        if let Some(found) = both.young.get(key) {
            return Some(found.clone());
        }
        let (key, found) = both.old.remove_entry(key)?;
        both.keep(key, found.clone(), (self.size, self.weigh));
        Some(found)
    }

    /// Remembers it for a while.
    pub fn keep(&self, key: K, value: V) {
        self.lock().keep(key, value, (self.size, self.weigh));
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        let both = self.lock();
        both.young.len() + both.old.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Both<K, V>> {
        self.both.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V> Both<K, V> {
    fn keep(&mut self, key: K, value: V, (size, weigh): (usize, fn(&V) -> usize)) {
        if let Some(before) = self.young.remove(&key) {
            self.weight -= weigh(&before);
        }
        let weight = weigh(&value);
        if !self.young.is_empty() && self.weight + weight > size {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        self.young.insert(key, value);
        self.weight += weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_is_forgotten_in_time() {
        const SIZE: usize = 64;
        let remembered = Generations::new(SIZE);
        for number in 0..10 * SIZE {
            remembered.keep(number, number);
            assert_eq!(remembered.find(&0), Some(0), "{number}");
            assert!(remembered.len() <= 2 * SIZE);
        }
        let kept = (0..10 * SIZE).filter(|number| remembered.find(number).is_some());
        assert!(kept.count() <= 2 * SIZE);
        assert_eq!(remembered.find(&SIZE), None);
    }

    #[test]
    fn the_heavier_they_are_the_fewer_are_remembered() {
        const SIZE: usize = 64;
        let remembered = Generations::weighing(SIZE, |weight: &usize| *weight);
        let kept = |keys: std::ops::Range<usize>| -> usize {
            let both = remembered.lock();
            let all = both.young.iter().chain(&both.old);
            all.filter(|(key, _)| keys.contains(key)).map(|(_, weight)| weight).sum()
        };
        for (key, weight) in (0..1_000).zip([1, 20, 33, 7].into_iter().cycle()) {
            remembered.keep(key, weight);
            assert_eq!(remembered.find(&key), Some(weight));
        }
        assert!((SIZE - 33..=2 * SIZE).contains(&kept(0..1_000)));
        // What takes the place of its like weighs no more than that.
        for _ in 0..SIZE {
            remembered.keep(1_000, SIZE - 10);
            remembered.keep(1_001, 10);
        }
        assert_eq!(kept(1_000..1_002), SIZE);
        remembered.keep(1_002, 3 * SIZE);
        assert_eq!(kept(1_000..1_003), 4 * SIZE, "one that is too heavy is a generation alone");
        remembered.keep(1_003, 1);
        assert_eq!(kept(1_000..1_002), 0);
        remembered.keep(1_004, SIZE);
        assert_eq!(kept(0..1_003), 0, "and goes as the others do");
    }
}
