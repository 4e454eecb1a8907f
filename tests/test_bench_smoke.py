from bench import corpus


def test_the_passages_of_the_bench_are_the_same_every_time():
    assert corpus.documents(50) == corpus.documents(50)
    assert len(set(corpus.questions(50))) == 50
