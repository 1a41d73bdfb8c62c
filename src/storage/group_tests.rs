//! Who goes with whom, and what becomes of those who do not.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::sync::Semaphore;

use super::*;

/// Answers with its own number, but where that is odd nothing was done.
struct Ask(u32);

impl Operation for Ask {
    type Output = u32;
}

/// A group, what it has carried, and what holds it back.
struct Scene {
    group: Group<Ask>,
    loads: Arc<Mutex<Vec<usize>>>,
    gate: Arc<Semaphore>,
}

type Answered = fn(&Ask) -> Result<Option<u32>, StorageError>;

fn scene(lines: usize, answered: Answered) -> Scene {
    let (loads, gate) = (Arc::<Mutex<Vec<usize>>>::default(), Arc::new(Semaphore::new(0)));
    let shared = (loads.clone(), gate.clone());
    let group = Group::new(lines, move |together: Together<Ask>, _| {
        let (loads, gate) = shared.clone();
        Box::pin(async move {
            loads.lock().unwrap().push(together.0.len());
            gate.acquire().await.unwrap().forget();
            let result = together.0.iter().map(answered).collect();
            (together, result)
        })
    });
    Scene { group, loads, gate }
}

fn own(turn: &Turn<Ask>) -> Option<u32> {
    if let Turn::Over(Ok(number)) = turn { Some(*number) } else { None }
}

async fn until_taken(loads: &Mutex<Vec<usize>>) {
    while loads.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a deadline of tokio is real time, and nobody waits for it"
)]
fn now() -> Instant {
    Instant::now()
}

/// A deadline that does not come.
fn later() -> Instant {
    now() + Duration::from_mins(1)
}

/// One that has come.
fn over() -> Instant {
    now() - Duration::from_secs(1)
}

#[tokio::test]
async fn what_is_asked_for_in_the_same_moment_goes_together_and_each_hears_its_own_answer() {
    let Scene { group, loads, gate } = scene(1, |ask| Ok(Some(ask.0)));
    gate.add_permits(9);
    let turns = join_all((0..10).map(|number| group.join(Ask(number), later()))).await;
    assert_eq!(turns.iter().map(own).collect::<Vec<_>>(), (0..10).map(Some).collect::<Vec<_>>());
    assert_eq!(*loads.lock().unwrap(), [10]);
}

#[tokio::test]
async fn what_comes_meanwhile_goes_next() {
    let Scene { group, loads, gate } = scene(1, |ask| Ok(Some(ask.0)));
    let late = async {
        until_taken(&loads).await;
        let rest = join_all((1..4).map(|number| group.join(Ask(number), later())));
        let open = async { gate.add_permits(2) };
        tokio::join!(rest, open).0
    };
    let (first, rest) = tokio::join!(group.join(Ask(0), later()), late);
    assert_eq!(own(&first), Some(0));
    assert_eq!(rest.iter().map(own).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    assert_eq!(*loads.lock().unwrap(), [1, 3]);
}

#[tokio::test]
async fn one_that_was_not_done_goes_alone_and_the_others_are_over() {
    let Scene { group, gate, .. } = scene(1, |ask| Ok(ask.0.is_multiple_of(2).then_some(ask.0)));
    gate.add_permits(1);
    let turns = join_all((0..4).map(|number| group.join(Ask(number), later()))).await;
    for (number, turn) in (0..4).zip(turns) {
        match turn {
            Turn::Over(result) => assert_eq!((result.unwrap(), number % 2), (number, 0)),
            Turn::Alone(ask) => assert_eq!((ask.0, number % 2), (number, 1)),
        }
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_stored_is_no_fault_of_the_others_but_a_database_that_is_away_is_everybodys()
 {
    let unstorable = |_: &Ask| Err(StorageError::Unstorable("a NUL".to_owned()));
    let away = |_: &Ask| Err(StorageError::OutcomeUnknown("gone".to_owned()));
    for (answered, alone) in [(unstorable as Answered, true), (away, false)] {
        let Scene { group, gate, .. } = scene(1, answered);
        gate.add_permits(1);
        for turn in join_all((0..3).map(|number| group.join(Ask(number), later()))).await {
            let right = match turn {
                Turn::Alone(_) => alone,
                Turn::Over(Err(StorageError::OutcomeUnknown(_))) => !alone,
                Turn::Over(_) => false,
            };
            assert!(right, "{alone}");
        }
    }
}

#[tokio::test]
async fn whoever_is_not_taken_in_time_hears_that_nothing_was_done_and_it_is_not_done_later() {
    let Scene { group, loads, gate } = scene(1, |ask| Ok(Some(ask.0)));
    let late = async {
        until_taken(&loads).await;
        let late = group.join(Ask(1), over()).await;
        gate.add_permits(2);
        late
    };
    let (first, late) = tokio::join!(group.join(Ask(0), later()), late);
    assert_eq!(own(&first), Some(0));
    assert!(matches!(late, Turn::Over(Err(StorageError::Unavailable(_)))));
    assert_eq!(own(&group.join(Ask(2), later()).await), Some(2));
    assert_eq!(*loads.lock().unwrap(), [1, 1]);
}

#[tokio::test]
async fn those_who_go_together_wait_for_a_way_as_long_as_the_last_of_them() {
    let deadlines = Arc::<Mutex<Vec<Instant>>>::default();
    let told = deadlines.clone();
    let group = Group::new(1, move |together: Together<Ask>, deadline| {
        told.lock().unwrap().push(deadline);
        let result = Ok(together.0.iter().map(|ask| Some(ask.0)).collect());
        Box::pin(std::future::ready((together, result)))
    });
    let first = later();
    let after = |number| first + Duration::from_secs(u64::from(number));
    let turns = join_all((0..3).map(|number| group.join(Ask(number), after(number)))).await;
    assert_eq!(turns.iter().filter_map(own).count(), 3);
    assert_eq!(*deadlines.lock().unwrap(), [after(2)]);
}

#[tokio::test]
async fn whoever_goes_away_before_he_is_taken_leaves_nothing_to_be_done() {
    let Scene { group, loads, gate } = scene(1, |ask| Ok(Some(ask.0)));
    assert!(group.join(Ask(0), later()).now_or_never().is_none());
    gate.add_permits(1);
    assert_eq!(own(&group.join(Ask(1), later()).await), Some(1));
    assert_eq!(*loads.lock().unwrap(), [1]);
}

#[tokio::test]
async fn a_carrier_that_falls_leaves_its_line_to_those_who_wait() {
    let Scene { group, loads, gate } = scene(1, |ask| {
        assert!(ask.0 > 0, "the first falls");
        Ok(Some(ask.0))
    });
    let late = async {
        until_taken(&loads).await;
        let open = async { gate.add_permits(2) };
        tokio::join!(group.join(Ask(1), later()), open).0
    };
    let (fallen, late) = tokio::join!(group.join(Ask(0), later()), late);
    assert!(matches!(fallen, Turn::Over(Err(StorageError::OutcomeUnknown(_)))));
    assert_eq!(own(&late), Some(1));
}

#[tokio::test]
async fn more_than_go_at_once_go_in_several() {
    let Scene { group, loads, gate } = scene(2, |ask| Ok(Some(ask.0)));
    gate.add_permits(9);
    let turns = join_all((0..150).map(|number| group.join(Ask(number), later()))).await;
    assert_eq!(turns.iter().filter_map(own).count(), 150);
    let loads = loads.lock().unwrap().clone();
    assert_eq!(loads.iter().sum::<usize>(), 150);
    assert!(loads.iter().all(|load| *load <= MOST), "{loads:?}");
}
