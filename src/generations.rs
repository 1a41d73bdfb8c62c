//! A memory of a bounded size, for what is dear to find out and asked for again and again. Must not know what
//! it remembers, nor import anything of the house.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// At most two generations: when the younger is full, the older is forgotten. What is asked for moves to the
/// younger, and so stays.
pub struct Generations<K, V> {
    /// How many are in a generation.
    size: usize,
    both: Mutex<Both<K, V>>,
}

struct Both<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V: Clone> Generations<K, V> {
    /// Nothing yet, and never more than two generations of `size`, which is at least one.
    pub fn new(size: usize) -> Self {
        Self { size, both: Mutex::new(Both { young: HashMap::new(), old: HashMap::new() }) }
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
        both.keep(key, found.clone(), self.size);
        Some(found)
    }

    /// Remembers it for a while.
    pub fn keep(&self, key: K, value: V) {
        self.lock().keep(key, value, self.size);
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
    fn keep(&mut self, key: K, value: V, size: usize) {
        if self.young.len() >= size {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
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
}
