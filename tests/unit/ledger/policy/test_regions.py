import pytest

from ledger.errors import NotFoundError
from ledger.policy.regions import (
    CORPS,
    MUNICIPALITIES,
    NATION,
    cities_of,
    city_of,
    parent_of,
    pool_of,
    province_of,
    region_history,
    region_in,
    region_name,
    regions,
)


class TestProvinces:
    def test_a_city_lies_in_the_province_of_its_first_two_digits(self):
        assert province_of("320100") == province_of("320500") == "320000"
        assert province_of("340100") == "340000"

    def test_a_code_the_table_does_not_hold_has_a_province_all_the_same(self):
        assert province_of("320585") == "320000"

    @pytest.mark.parametrize(
        "code", ["990101", "32", "", "32010a", "3201000", "32010０", "000000", "1100000"]
    )
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

    def test_the_corps_is_a_pool_of_its_own_beside_its_region(self):
        assert (pool_of(CORPS), pool_of("650100")) == ("66", "65")
        assert regions()[CORPS].status == "unverified"


class TestCities:
    def test_a_county_lies_in_the_prefecture_of_its_first_four_digits(self):
        assert city_of("320585") == "320500"
        assert city_of("320500") == "320500"
        assert city_of("429004") == "429000"

    @pytest.mark.parametrize("code", ["110105", "120000", "310115", "500101"])
    def test_a_municipality_is_the_city_of_all_its_counties(self, code):
        assert city_of(code) == f"{code[:2]}0000"
        assert f"{code[:2]}0000" in MUNICIPALITIES

    def test_a_province_is_in_no_prefecture(self):
        assert city_of("320000") == "320000"

    def test_four_digits_that_never_were_a_prefecture_are_refused(self):
        with pytest.raises(NotFoundError) as caught:
            city_of("329900")
        assert (caught.value.what, caught.value.key) == ("prefecture", "329900")

    @pytest.mark.parametrize(
        ("code", "parent"),
        [
            ("320585", "320500"),
            ("320500", "320000"),
            ("320000", NATION),
            ("110105", "110000"),
            ("110000", NATION),
        ],
    )
    def test_what_lies_right_above(self, code, parent):
        assert parent_of(code) == parent

    def test_333_prefectures_stand_today(self):
        cities = [city for code in regions() for city in cities_of(code) if city.parent == code]
        direct = [city for city in cities if city.code.endswith("9000")]
        assert len(cities) - len(direct) == 333
        assert [city.code for city in direct] == ["419000", "429000", "469000", "659000"]
        assert [city.name_en for city in cities_of("320585")][:2] == ["Nanjing", "Wuxi"]
        assert len(cities_of("320000")) == 13
        assert cities_of("110000") == ()

    def test_a_city_that_is_gone_is_not_among_them(self):
        assert "341400" not in [city.code for city in cities_of("340000")]


class TestYears:
    def test_a_code_is_called_as_in_its_year(self):
        assert region_in("320800", 1999).name() == "淮阴市"
        assert region_in("320800", 2000).name("en") == "Huai'an"
        assert region_name("320800") == "淮安市"

    def test_a_division_stands_from_its_first_to_its_last_list(self):
        (chaohu,) = region_history()["341400"]
        assert (chaohu.from_year, chaohu.to_year, chaohu.is_current) == (1999, 2010, False)
        assert [chaohu.stands_in(year) for year in (1998, 1999, 2010, 2011)] == [
            False, True, True, False,
        ]  # fmt: skip
        assert region_name("341400") == "巢湖市"

    def test_a_division_of_the_first_list_has_no_first_year(self):
        nanjing = region_in("320100", 1980)
        assert (nanjing.from_year, nanjing.to_year, nanjing.is_current) == (None, None, True)

    @pytest.mark.parametrize(
        ("code", "year"), [("341400", 2011), ("341400", 1998), ("320585", 2020)]
    )
    def test_a_year_without_it_is_refused(self, code, year):
        with pytest.raises(NotFoundError) as caught:
            region_in(code, year)
        assert caught.value.key == code
        assert str(year) in caught.value.what

    def test_no_two_divisions_have_one_code_at_once(self):
        for found in region_history().values():
            assert all(region.parent in {NATION, *regions()} for region in found)
            for year in range(1980, 2026):
                standing = [region for region in found if region.stands_in(year)]
                assert len(standing) < 2 or found[0].code in {"430300", "430400", "430500"}

    def test_the_last_of_a_code_is_what_it_is_called_today(self):
        assert [region_name(code) for code in ("430300", "430400", "430500")] == [
            "湘潭市", "衡阳市", "邵阳市",
        ]  # fmt: skip


class TestNames:
    def test_names_stand_in_both_languages(self):
        assert (region_name("340100"), region_name("340100", "en")) == ("合肥市", "Hefei")

    def test_an_unknown_code_is_shown_as_it_is(self):
        assert region_name("320585") == "320585"
