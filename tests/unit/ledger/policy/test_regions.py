import pytest

from ledger.errors import NotFoundError
from ledger.policy.regions import pool_of, province_of, region_name, regions


class TestProvinces:
    def test_a_city_lies_in_the_province_of_its_first_two_digits(self):
        assert province_of("320100") == province_of("320500") == "320000"
        assert province_of("340100") == "340000"

    def test_a_code_the_table_does_not_hold_has_a_province_all_the_same(self):
        assert province_of("320585") == "320000"

    @pytest.mark.parametrize("code", ["990101", "32", "", "32010a", "3201000"])
    def test_what_is_in_no_province_is_refused(self, code):
        with pytest.raises(NotFoundError) as caught:
            province_of(code)
        assert caught.value.what == "region"

    def test_there_are_34_provinces_and_the_corps(self):
        provinces = [region for region in regions().values() if region.level == "province"]
        assert len(provinces) == 35
        assert all(region.code.endswith("0000") for region in provinces)

    def test_every_city_of_the_table_lies_in_a_province_of_the_table(self):
        assert all(province_of(code) in regions() for code in regions())

    def test_the_pool_of_two_cities_of_one_province_is_one(self):
        assert pool_of("320100") == pool_of("320500") == "32"


class TestNames:
    def test_names_stand_in_both_languages(self):
        assert (region_name("340100"), region_name("340100", "en")) == ("合肥市", "Hefei")

    def test_an_unknown_code_is_shown_as_it_is(self):
        assert region_name("320585") == "320585"
