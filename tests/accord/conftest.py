from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.accord.served import ServedAccount, ServedOrg


@pytest.fixture(scope="session")
def served_org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedOrg]:
    served = ServedOrg(tmp_path_factory.mktemp("salesforce"))
    yield served
    served.close()


@pytest.fixture(scope="session")
def served_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedAccount]:
    served = ServedAccount(tmp_path_factory.mktemp("netsuite"))
    yield served
    served.close()


@pytest.fixture
def org(served_org: ServedOrg) -> Iterator[ServedOrg]:
    """The Salesforce sandbox, all faults off."""
    yield served_org
    served_org.background.call(served_org.faults.clear)


@pytest.fixture
def account(served_account: ServedAccount) -> Iterator[ServedAccount]:
    """The NetSuite sandbox, all faults off."""
    yield served_account
    served_account.background.call(served_account.faults.clear)
