"""Every refusal Anxu can utter, in one tree.

LedgerError                 stable kebab ``code``, ``retryable``, typed fields that make the message
├── RefusedError            a rule says no: tell the caller, nothing was changed
│     └── ConflictError     what was asked for collides with what already stands
├── VerificationError       evidence does not hold: never retry, always log
├── UnavailableError        try later
├── CorruptionError         our own data disagrees: stop publishing, call a person
└── UsageError              the command or the settings are off: mend them and call again

The roots are sorted by who has to act. No personal field (name, identity number, account,
pseudonym, salt) may become a field of an error: messages travel into logs, pages and other bureaus'
screens.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar


@dataclass(eq=False)
class LedgerError(Exception):
    """Root of the tree; a leaf adds typed fields, sentences and the next step in both languages."""

    code: ClassVar[str] = "ledger-error"
    retryable: ClassVar[bool] = False
    message: ClassVar[str] = "The operation failed."
    message_zh: ClassVar[str] = "操作失败。"
    remedy: ClassVar[str] = "Look at the log of this node for the reference number."
    remedy_zh: ClassVar[str] = "请按编号查看本节点日志。"

    def fields(self) -> dict[str, Any]:
        """The typed fields by name, as they may be shown."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def sentence(self, language: str = "en") -> str:
        """What happened, in one sentence of ``language`` (``zh`` or ``en``)."""
        template = self.message_zh if language == "zh" else self.message
        return template.format(**self.fields())

    def advice(self, language: str = "en") -> str:
        """What to do now, in ``language`` (``zh`` or ``en``)."""
        template = self.remedy_zh if language == "zh" else self.remedy
        return template.format(**self.fields())

    def __str__(self) -> str:
        return f"{self.sentence()} {self.advice()}"


# --- roots ----------------------------------------------------------------------------------------


@dataclass(eq=False)
class RefusedError(LedgerError):
    """A rule says no."""

    code: ClassVar[str] = "refused"


@dataclass(eq=False)
class ConflictError(RefusedError):
    """What was asked for collides with what already stands."""

    code: ClassVar[str] = "conflict"


@dataclass(eq=False)
class VerificationError(LedgerError):
    """Evidence does not hold."""

    code: ClassVar[str] = "verification-failed"


@dataclass(eq=False)
class UnavailableError(LedgerError):
    """Something needed is out of reach for now."""

    code: ClassVar[str] = "unavailable"
    retryable: ClassVar[bool] = True


@dataclass(eq=False)
class CorruptionError(LedgerError):
    """Our own data disagrees with itself."""

    code: ClassVar[str] = "corruption"


@dataclass(eq=False)
class UsageError(LedgerError):
    """The command or the settings are off."""

    code: ClassVar[str] = "usage"


# --- refusals: input ------------------------------------------------------------------------------


@dataclass(eq=False)
class EncodingError(RefusedError):
    """A value cannot be brought into the one form that is hashed."""

    field: str
    reason: str
    code: ClassVar[str] = "encoding"
    message: ClassVar[str] = "Field {field} cannot be encoded: {reason}."
    message_zh: ClassVar[str] = "字段 {field} 无法编码：{reason}。"
    remedy: ClassVar[str] = "Correct the value at its source and try again."
    remedy_zh: ClassVar[str] = "请在来源处更正后重试。"


@dataclass(eq=False)
class LengthError(RefusedError):
    """A byte string has the wrong length."""

    field: str
    expected: int
    actual: int
    code: ClassVar[str] = "length"
    message: ClassVar[str] = "{field} must be {expected} bytes long, not {actual}."
    message_zh: ClassVar[str] = "{field} 应为 {expected} 字节，实为 {actual} 字节。"
    remedy: ClassVar[str] = "Hand over the whole value, unshortened."
    remedy_zh: ClassVar[str] = "请提供完整的值。"


@dataclass(eq=False)
class NotFoundError(RefusedError):
    """What was asked for is not here."""

    what: str
    key: str
    code: ClassVar[str] = "not-found"
    message: ClassVar[str] = "There is no {what} {key} here."
    message_zh: ClassVar[str] = "此处没有 {what} {key}。"
    remedy: ClassVar[str] = "Check the number, or ask the bureau that keeps it."
    remedy_zh: ClassVar[str] = "请核对编号，或向保存该记录的经办机构查询。"


@dataclass(eq=False)
class NotPermittedError(RefusedError):
    """The caller may not do this."""

    action: str
    needed: str
    code: ClassVar[str] = "not-permitted"
    message: ClassVar[str] = "{action} needs {needed}."
    message_zh: ClassVar[str] = "{action} 需要 {needed}。"
    remedy: ClassVar[str] = "Sign in as somebody who may, or ask for the role."
    remedy_zh: ClassVar[str] = "请以有权限的身份登录，或申请该权限。"


@dataclass(eq=False)
class InheritedLeavesMissingError(RefusedError):
    """The directory that a successor shall go on from has fewer leaves than it inherits."""

    origin: str
    held: int
    inherited: int
    code: ClassVar[str] = "inherited-leaves-missing"
    message: ClassVar[str] = (
        "The successor inherits {inherited} leaves of log {origin}; this directory holds {held}."
    )
    message_zh: ClassVar[str] = (
        "继任日志承接 {origin} 的 {inherited} 条记录，而此目录只有 {held} 条。"
    )
    remedy: ClassVar[str] = (
        "Bring a later copy of the closed node's directory and run the command again. Other nodes"
        " hold leaves and no records. If there is none, nobody can go on from here: the council"
        " closes this log too and names a successor from nothing, and the files are imported again."
    )
    remedy_zh: ClassVar[str] = (
        "请取得原节点目录的更新副本后重新执行；其他节点只有公开记录而无原文。若无更新副本，则无法承接："
        "请监管委员会关闭本日志并从零指定继任，再重新导入各文件。"
    )


@dataclass(eq=False)
class SameOfficerError(RefusedError):
    """Maker and checker are one person."""

    action: str
    code: ClassVar[str] = "same-officer"
    message: ClassVar[str] = (
        "{action} needs two different officers; both signatures are one officer's."
    )
    message_zh: ClassVar[str] = "{action} 须由两名不同的经办人员办理（经办与复核分离）。"
    remedy: ClassVar[str] = "Have a second officer check and sign."
    remedy_zh: ClassVar[str] = "请由另一名人员复核并签名。"


@dataclass(eq=False)
class FormTokenError(RefusedError):
    """A form was sent that this session did not make, or that is older than it."""

    code: ClassVar[str] = "form-token"
    message: ClassVar[str] = "The form was not opened in this session, so nothing was done."
    message_zh: ClassVar[str] = "这张表单不是在本次登录中打开的，没有办理。"
    remedy: ClassVar[str] = "Open the page again and send the form once more."
    remedy_zh: ClassVar[str] = "请重新打开页面，再提交一次。"


# --- refusals: policy -----------------------------------------------------------------------------


@dataclass(eq=False)
class IdentifierError(RefusedError):
    """A number cannot be that of a person, an employer or a bank card; it is never repeated here.

    ``identifier``: ``identity-number``, ``residence-number``, ``foreign-number``, ``credit-code``,
    ``social-card`` or ``bank-card``; ``part``: which field of it (``length``, ``character``,
    ``birth-date``, ``country``, ``division``, ``organisation-check``, ``check``); ``position``: the
    first character at fault, from 1, or 0 when the whole is.
    """

    identifier: str
    part: str
    position: int
    reason: str
    reason_zh: str
    code: ClassVar[str] = "identifier"
    message: ClassVar[str] = "The {identifier} is refused at its {part}: {reason}."
    message_zh: ClassVar[str] = "证件号码（{identifier}）校验未通过：{reason_zh}。"
    remedy: ClassVar[str] = (
        "Compare it with the document, correct it at its source and send it again."
    )
    remedy_zh: ClassVar[str] = "请与证件核对，在来源处更正后重新提交。"


@dataclass(eq=False)
class PeriodError(RefusedError):
    """A month is not a month of the calendar this system covers."""

    value: int
    reason: str
    code: ClassVar[str] = "period"
    message: ClassVar[str] = "{value} is not a month (yyyymm): {reason}."
    message_zh: ClassVar[str] = "{value} 不是有效的年月（yyyymm）：{reason}。"
    remedy: ClassVar[str] = (
        "Write the year with four digits and the month with two, for example 202608."
    )
    remedy_zh: ClassVar[str] = "请按四位年份加两位月份填写，例如 202608。"


@dataclass(eq=False)
class AmountError(RefusedError):
    """An amount is not one this place can hold."""

    field: str
    reason: str
    code: ClassVar[str] = "amount"
    message: ClassVar[str] = "Amount {field} is refused: {reason}."
    message_zh: ClassVar[str] = "金额字段 {field} 不符合要求：{reason}。"
    remedy: ClassVar[str] = (
        "Correct the amount at its source; a deduction is a reversal, not a minus sign."
    )
    remedy_zh: ClassVar[str] = "请在来源处更正金额；扣减须作冲销，不得填负数。"


@dataclass(eq=False)
class InputError(RefusedError):
    """A question about policy has an answer only for other values; names the field and the value.

    Only for what the asker typed a moment ago: values of records never go into it.
    """

    field: str
    value: str
    reason: str
    reason_zh: str
    hint: str
    hint_zh: str
    code: ClassVar[str] = "input"
    message: ClassVar[str] = "{field}: {value!r} is refused: {reason}."
    message_zh: ClassVar[str] = "{field}：“{value}”不能采用：{reason_zh}。"
    remedy: ClassVar[str] = "{hint}."
    remedy_zh: ClassVar[str] = "{hint_zh}。"


@dataclass(eq=False)
class ParameterMissingError(RefusedError):
    """No table holds the value a rule needs, so the rule cannot be applied."""

    parameter: str
    region: str
    key: str
    code: ClassVar[str] = "parameter-missing"
    message: ClassVar[str] = "No table has {parameter} for region {region} and {key}."
    message_zh: ClassVar[str] = "参数表中没有地区 {region}、{key} 的 {parameter}。"
    remedy: ClassVar[str] = "Enter the published value with its document in ledger/policy/tables."
    remedy_zh: ClassVar[str] = "请将已公布的数值及其文号录入 ledger/policy/tables。"


@dataclass(eq=False)
class ImpossibleFactError(RefusedError):
    """A fact or figure given to a rule cannot be, alone or beside the others.

    ``field`` names it; ``value`` is a number, a code or a day, and never personal.
    """

    field: str
    value: int | str
    reason: str
    reason_zh: str
    code: ClassVar[str] = "impossible-fact"
    message: ClassVar[str] = "{field} cannot be {value}: {reason}."
    message_zh: ClassVar[str] = "{field} 不能为 {value}：{reason_zh}。"
    remedy: ClassVar[str] = "Compare {field} with the document it comes from and correct it there."
    remedy_zh: ClassVar[str] = "请将 {field} 与来源文件核对，在来源处更正。"


@dataclass(eq=False)
class CalendarYearMissingError(RefusedError):
    """The official working days of a year are not published yet, or not entered."""

    year: int
    code: ClassVar[str] = "calendar-year-missing"
    message: ClassVar[str] = "The official working days of {year} are not known here."
    message_zh: ClassVar[str] = "尚无{year}年的法定工作日安排。"
    remedy: ClassVar[str] = (
        "Enter the State Council's notice of holidays for {year} in "
        "ledger/policy/tables/work_calendar.csv; it appears in autumn of the year before."
    )
    remedy_zh: ClassVar[str] = (
        "请在国务院办公厅公布{year}年节假日安排（一般在上一年秋季）后，录入 "
        "ledger/policy/tables/work_calendar.csv。"
    )


@dataclass(eq=False)
class EstimateOnlyError(RefusedError):
    """A result rests on a value that is not published: it may estimate, never decide."""

    step: str
    row: str
    status: str
    code: ClassVar[str] = "estimate-only"
    message: ClassVar[str] = (
        "This is an estimate and cannot decide: in step {step} the row {row} is {status}."
    )
    message_zh: ClassVar[str] = (
        "此为测算，不能作为决定：步骤 {step} 所用参数 {row} 的状态为 {status}。"
    )
    remedy: ClassVar[str] = (
        "Enter the published value with its document, have it released, and calculate again."
    )
    remedy_zh: ClassVar[str] = "请录入已公布的数值及其文号，经发布后重新计算。"


@dataclass(eq=False)
class ParametersNotReleasedError(RefusedError):
    """Two officers have not released the tables by which something would be decided.

    ``carried``: the digest of this program's tables; ``in_force``: that of the release, or ``-``.
    """

    carried: str
    in_force: str
    code: ClassVar[str] = "parameters-not-released"
    message: ClassVar[str] = (
        "Nothing can be decided: this program's tables of policy parameters ({carried}) are not "
        "the released ones ({in_force})."
    )
    message_zh: ClassVar[str] = (
        "不能作出核定：本程序所载政策参数表（{carried}）尚未发布（现行发布：{in_force}）。"
    )
    remedy: ClassVar[str] = (
        "Compare the tables with their documents, then have two officers release them: anxu policy "
        "release sign. Estimates go on without."
    )
    remedy_zh: ClassVar[str] = (
        "请将参数表与公布文件核对后，由经办、复核两人发布：anxu policy release sign。测算不受影响。"
    )


@dataclass(eq=False)
class CategoryMismatchError(RefusedError):
    """The category given for a review is not one for the sex that the identity number states."""

    code: ClassVar[str] = "category-mismatch"
    message: ClassVar[str] = "The category does not go with what the identity number states."
    message_zh: ClassVar[str] = "所选退休类别与身份证件记载不符。"
    remedy: ClassVar[str] = (
        "Look up the post in the archive: male, female-55 or female-50; then review again."
    )
    remedy_zh: ClassVar[str] = "请核对档案中的岗位类别（男、女55、女50）后重新审核。"


@dataclass(eq=False)
class PensionRunsError(RefusedError):
    """A person is to be erased who was decided or paid a pension and is not known to be dead."""

    code: ClassVar[str] = "pension-runs"
    message: ClassVar[str] = (
        "The records are needed: a pension was decided or paid, and no death is recorded."
    )
    message_zh: ClassVar[str] = "该人已核定或已发放待遇且无死亡登记，其记录仍须使用，不得销毁。"
    remedy: ClassVar[str] = (
        "Record the death, or take back what was decided and paid to the wrong person; then decide "
        "again."
    )
    remedy_zh: ClassVar[str] = "请先登记死亡信息，或冲销错误的核定和发放记录，再行办理。"


@dataclass(eq=False)
class TransferOpenError(RefusedError):
    """A person is to be erased whose relation is being transferred."""

    cases: int
    code: ClassVar[str] = "transfer-open"
    message: ClassVar[str] = "The records are needed: {cases} transfer case(s) are open."
    message_zh: ClassVar[str] = "该人有 {cases} 件转移业务未办结，其记录仍须使用，不得销毁。"
    remedy: ClassVar[str] = (
        "Close, refuse or withdraw the case first; 'anxu transfer list' shows it."
    )
    remedy_zh: ClassVar[str] = "请先办结、退回或撤回转移业务（anxu transfer list）。"


@dataclass(eq=False)
class PaymentsOpenError(RefusedError):
    """A person is to be erased to whom payments are under way."""

    lines: int
    code: ClassVar[str] = "payments-open"
    message: ClassVar[str] = "The records are needed: {lines} payment line(s) are not settled."
    message_zh: ClassVar[str] = "该人有 {lines} 笔待遇尚未结清，其记录仍须使用，不得销毁。"
    remedy: ClassVar[str] = "Hold the lines, or bring in the bank's answer; then decide again."
    remedy_zh: ClassVar[str] = "请先暂缓支付或导入银行回盘，再行办理。"


@dataclass(eq=False)
class RetentionRunsError(RefusedError):
    """A person is to be erased whose records the law still keeps."""

    facts: int
    until: str
    source: str
    code: ClassVar[str] = "retention-runs"
    message: ClassVar[str] = (
        "{facts} record(s) that stand have to be kept, the last until {until} ({source})."
    )
    message_zh: ClassVar[str] = "有 {facts} 条有效记录须依法保存至 {until}（{source}）。"
    remedy: ClassVar[str] = (
        "Wait until then, or reverse what should never have been recorded; the periods stand in "
        "ledger/policy/tables/record_retention.csv."
    )
    remedy_zh: ClassVar[str] = (
        "请待期满，或先冲销本不应登记的记录；保存期限见 ledger/policy/tables/record_retention.csv。"
    )


@dataclass(eq=False)
class SealingKeyDestroyedError(RefusedError):
    """The sealing key of a person was erased; what it sealed stays unreadable for good."""

    persons: int
    code: ClassVar[str] = "sealing-key-destroyed"
    message: ClassVar[str] = (
        "The records of {persons} person(s) were erased: their sealing keys are destroyed."
    )
    message_zh: ClassVar[str] = "有 {persons} 人的密钥已依法销毁，其记录不可再读取或新增。"
    remedy: ClassVar[str] = (
        "Nothing was written; look up the erasure decision before recording anything new."
    )
    remedy_zh: ClassVar[str] = "未写入任何内容；新增记录前请查阅销毁决定。"


# --- refusals: files and books --------------------------------------------------------------------


@dataclass(eq=False)
class FileUnreadableError(RefusedError):
    """A file cannot be read as what it claims to be; ``line`` is 0 when no line is to blame."""

    file: str
    line: int
    expected: str
    expected_zh: str
    found: str
    found_zh: str
    code: ClassVar[str] = "file-unreadable"
    message: ClassVar[str] = (
        "{file} cannot be read (line {line}): expected {expected}, found {found}."
    )
    message_zh: ClassVar[str] = (
        "文件 {file} 无法读取（第 {line} 行）：应为{expected_zh}，实为{found_zh}。"
    )
    remedy: ClassVar[str] = (
        "Nothing was changed; export the file again and compare its size with the original."
    )
    remedy_zh: ClassVar[str] = "未作任何更改；请重新导出该文件并核对大小。"


@dataclass(eq=False)
class UnknownFileTypeError(RefusedError):
    """A file's name ends in something that is not read here."""

    file: str
    extension: str
    code: ClassVar[str] = "unknown-file-type"
    message: ClassVar[str] = "{file} ends in '{extension}'; .csv and .parquet files are read."
    message_zh: ClassVar[str] = "文件 {file} 的扩展名为“{extension}”，仅支持 .csv 与 .parquet。"
    remedy: ClassVar[str] = (
        "Save a spreadsheet as 'CSV UTF-8' (comma separated) and import that file."
    )
    remedy_zh: ClassVar[str] = "请将电子表格另存为“CSV UTF-8（逗号分隔）”后再导入。"


@dataclass(eq=False)
class FileEncodingError(RefusedError):
    """The bytes of a text file are not text of the expected encoding.

    ``byte_offset`` counts from 0, ``line`` from 1; both name the first byte that does not fit.
    """

    file: str
    expected: str
    byte_offset: int
    line: int
    code: ClassVar[str] = "file-encoding"
    message: ClassVar[str] = (
        "{file} is not {expected} text: the byte at offset {byte_offset} (line {line}) is wrong."
    )
    message_zh: ClassVar[str] = (
        "文件 {file} 不是 {expected} 文本：第 {line} 行、偏移 {byte_offset} 处的字节不符合编码。"
    )
    remedy: ClassVar[str] = (
        "Export it again as UTF-8 or GB18030, or name its encoding under [file] in the mapping."
    )
    remedy_zh: ClassVar[str] = (
        "请重新导出为 UTF-8 或 GB18030，或在映射文件的 [file] 中写明 encoding。"
    )


@dataclass(eq=False)
class ColumnsMissingError(RefusedError):
    """A file lacks columns that its kind needs."""

    file: str
    expected: str
    found: str
    code: ClassVar[str] = "columns-missing"
    message: ClassVar[str] = "{file} lacks columns: expected {expected}; found {found}."
    message_zh: ClassVar[str] = "文件 {file} 缺少列：应有 {expected}；实有 {found}。"
    remedy: ClassVar[str] = (
        "Correct the headings in the first line, or name yours under [columns] of a mapping file."
    )
    remedy_zh: ClassVar[str] = "请更正首行表头，或在映射文件的 [columns] 中写明本单位所用列名。"


@dataclass(eq=False)
class DuplicateColumnError(RefusedError):
    """Two headings of a file mean the same column."""

    file: str
    column: str
    code: ClassVar[str] = "duplicate-column"
    message: ClassVar[str] = "{file} has more than one column for {column}."
    message_zh: ClassVar[str] = "文件 {file} 中有多列对应 {column}。"
    remedy: ClassVar[str] = "Remove one, or say in a mapping file under [columns] which one counts."
    remedy_zh: ClassVar[str] = "请删除多余的列，或在映射文件的 [columns] 中指定采用哪一列。"


@dataclass(eq=False)
class MappingFileError(RefusedError):
    """A mapping file says something that is not understood."""

    file: str
    where: str
    expected: str
    code: ClassVar[str] = "mapping-file"
    message: ClassVar[str] = "The mapping file {file} is wrong at {where}: expected {expected}."
    message_zh: ClassVar[str] = "映射文件 {file} 的 {where} 有误：应为 {expected}。"
    remedy: ClassVar[str] = "Correct it; docs/reference/import-files.md shows every section."
    remedy_zh: ClassVar[str] = "请更正；各节写法见 docs/reference/import-files.md。"


@dataclass(eq=False)
class SourceChangedError(RefusedError):
    """Somebody wrote to a file while it was being imported."""

    file: str
    code: ClassVar[str] = "source-changed"
    message: ClassVar[str] = "{file} changed while it was being read."
    message_zh: ClassVar[str] = "文件 {file} 在读取期间被改动。"
    remedy: ClassVar[str] = (
        "Keep the file still and import it again; what was recorded of it is not recorded twice."
    )
    remedy_zh: ClassVar[str] = "请勿改动该文件并重新导入；已入账部分不会重复登记。"


@dataclass(eq=False)
class ImportCancelledError(RefusedError):
    """An import was stopped between two parts; what was recorded stays, nothing half-recorded."""

    file: str
    rows_done: int
    rows_read: int
    code: ClassVar[str] = "import-cancelled"
    message: ClassVar[str] = (
        "The import of {file} was stopped: {rows_done} of {rows_read} lines are done."
    )
    message_zh: ClassVar[str] = "文件 {file} 的导入已停止：已处理 {rows_done} / {rows_read} 行。"
    remedy: ClassVar[str] = "The same command goes on where it stopped; no line is recorded twice."
    remedy_zh: ClassVar[str] = "重新执行同一命令即可继续，不会重复登记。"


@dataclass(eq=False)
class ImportRefusedError(RefusedError):
    """A file has lines that cannot be recorded, so none of it was."""

    file: str
    lines_read: int
    lines_refused: int
    findings_count: int
    code: ClassVar[str] = "import-refused"
    message: ClassVar[str] = (
        "{file} was not imported: {lines_refused} of {lines_read} lines have errors "
        "({findings_count} findings); nothing was changed."
    )
    message_zh: ClassVar[str] = (
        "文件 {file} 未导入：{lines_read} 行中有 {lines_refused} 行有误"
        "（共 {findings_count} 处），未作任何更改。"
    )
    remedy: ClassVar[str] = (
        "Correct the lines listed and import again; --accept-valid imports only the valid ones."
    )
    remedy_zh: ClassVar[str] = "请更正所列各行后重新导入，或使用 --accept-valid 仅导入无误的行。"

    def with_findings(self, findings: tuple[Any, ...]) -> ImportRefusedError:
        """The same error, carrying what was found; findings never enter its message or fields."""
        self._findings = findings
        return self

    @property
    def findings(self) -> tuple[Any, ...]:
        """What was found, line by line (``ledger.records.findings.RowFinding``)."""
        found: tuple[Any, ...] = getattr(self, "_findings", ())
        return found


@dataclass(eq=False)
class ReversalOfReversalError(RefusedError):
    """A reversal is to be reversed."""

    index: int
    code: ClassVar[str] = "reversal-of-reversal"
    message: ClassVar[str] = "Entry {index} is a reversal; a reversal is never reversed."
    message_zh: ClassVar[str] = "第 {index} 号记录本身是冲销，冲销不得再被冲销。"
    remedy: ClassVar[str] = "Record the fact anew; the new entry states what holds now."
    remedy_zh: ClassVar[str] = "请重新登记该事实，以新记录载明现状。"


@dataclass(eq=False)
class CorrectionRefusedError(RefusedError):
    """An entry is not corrected in this way."""

    index: int
    reason: str
    code: ClassVar[str] = "correction-refused"
    message: ClassVar[str] = "Entry {index} is not corrected in this way: {reason}."
    message_zh: ClassVar[str] = "第 {index} 号记录不能这样更正：{reason}。"
    remedy: ClassVar[str] = (
        "Nothing was written. See docs/reference/records.md, Corrections, for what corrects this "
        "kind of entry."
    )
    remedy_zh: ClassVar[str] = "未写入任何内容。各类记录的更正方法见 docs/reference/records.md。"


@dataclass(eq=False)
class ReasonMissingError(RefusedError):
    """An act that needs a stated ground came without one."""

    action: str
    what: str
    code: ClassVar[str] = "reason-missing"
    message: ClassVar[str] = "{action} needs a {what}."
    message_zh: ClassVar[str] = "{action} 须写明 {what}。"
    remedy: ClassVar[str] = "Name the article, document or finding it rests on."
    remedy_zh: ClassVar[str] = "请写明所依据的条款、文书或调查结论。"


@dataclass(eq=False)
class UnbalancedEntryError(RefusedError):
    """The lines of a journal entry do not add up to zero."""

    reference: str
    difference_fen: int
    lines: int
    code: ClassVar[str] = "unbalanced-entry"
    message: ClassVar[str] = (
        "Journal entry {reference} with {lines} lines is off balance by {difference_fen} fen."
    )
    message_zh: ClassVar[str] = "记账凭证 {reference} 共 {lines} 行，借贷相差 {difference_fen} 分。"
    remedy: ClassVar[str] = "Give every debit its credit; an entry has at least two lines."
    remedy_zh: ClassVar[str] = "有借必有贷，借贷必相等；每张凭证至少两行。"


# --- refusals: transfers --------------------------------------------------------------------------


@dataclass(eq=False)
class TransferStepError(RefusedError):
    """The case does not stand where this step starts from."""

    case_id: str
    state: str
    event: str
    code: ClassVar[str] = "transfer-step"
    message: ClassVar[str] = "Case {case_id} is {state}; {event} is no step from there."
    message_zh: ClassVar[str] = "转移业务 {case_id} 处于 {state} 状态，不能办理 {event}。"
    remedy: ClassVar[str] = "Look at the steps of the case; the next one is shown there."
    remedy_zh: ClassVar[str] = "请查看该业务的办理经过，其中标明下一步。"


@dataclass(eq=False)
class TransferNotAllowedError(RefusedError):
    """The rules keep this relation where it is; ``rule`` is the verdict or the reason's code."""

    rule: str
    reason: str
    reason_zh: str
    code: ClassVar[str] = "transfer-not-allowed"
    message: ClassVar[str] = "The relation cannot be transferred: {reason}."
    message_zh: ClassVar[str] = "养老保险关系不能转移：{reason_zh}。"
    remedy: ClassVar[str] = "Tell the person why; nothing was changed at either bureau."
    remedy_zh: ClassVar[str] = "请告知参保人原因；两地记录均未变动。"


@dataclass(eq=False)
class TransferNotOverdueError(RefusedError):
    """Supervisors decide a case only after a missed deadline."""

    case_id: str
    due_on: str
    code: ClassVar[str] = "transfer-not-overdue"
    message: ClassVar[str] = "The step under way of case {case_id} is not overdue (due {due_on})."
    message_zh: ClassVar[str] = "业务 {case_id} 当前环节尚未逾期（期限 {due_on}）。"
    remedy: ClassVar[str] = "Let the two bureaus go on; look again after that day."
    remedy_zh: ClassVar[str] = "请由两地经办机构继续办理，期限届满后再行处理。"


@dataclass(eq=False)
class PersonInTransferError(RefusedError):
    """The person's relation is leaving this bureau already, so none can come to it."""

    case_id: str
    state: str
    code: ClassVar[str] = "person-in-transfer"
    message: ClassVar[str] = (
        "This person's relation is leaving here with case {case_id} ({state}); none can come in."
    )
    message_zh: ClassVar[str] = (
        "本人关系正由业务 {case_id}（{state}）转出，办结前不能再申请转入本地。"
    )
    remedy: ClassVar[str] = "Wait until that case has ended; the person applies at the last city."
    remedy_zh: ClassVar[str] = "请待该业务办结后再办；由本人在最后参保地提出申请。"


@dataclass(eq=False)
class ClaimStateError(RefusedError):
    """A benefit place is not where this act starts from."""

    state: str
    needed: str
    code: ClassVar[str] = "claim-state"
    message: ClassVar[str] = "The benefit place is {state}; it must be {needed}."
    message_zh: ClassVar[str] = "待遇领取地登记现为 {state}，须为 {needed}。"
    remedy: ClassVar[str] = "Look at it with 'anxu benefit show'."
    remedy_zh: ClassVar[str] = "请用 anxu benefit show 查看登记情况。"


@dataclass(eq=False)
class TooFewCasesError(RefusedError):
    """A settlement of so few cases would show a person's amount on chain."""

    cases: int
    minimum: int
    code: ClassVar[str] = "too-few-cases"
    message: ClassVar[str] = "{cases} case(s) wait for settlement; at least {minimum} go together."
    message_zh: ClassVar[str] = "待结算 {cases} 笔，至少 {minimum} 笔方可合并结算。"
    remedy: ClassVar[str] = "Wait for further cases: a total of few would give single amounts away."
    remedy_zh: ClassVar[str] = "请待更多业务合并结算，以免单笔金额外泄。"


@dataclass(eq=False)
class PeerRefusedError(RefusedError):
    """Another bureau refused our message; ``refusal`` is its code, ``reason`` its sentence."""

    peer: str
    refusal: str
    reason: str
    reason_zh: str
    code: ClassVar[str] = "peer-refused"
    message: ClassVar[str] = "{peer} refused the message: {reason}"
    message_zh: ClassVar[str] = "{peer} 未受理该消息：{reason_zh}"
    remedy: ClassVar[str] = "Mend what it names and send anew, or refuse or withdraw the case."
    remedy_zh: ClassVar[str] = "请按所述更正后重发，或拒绝、撤回该业务。"


# --- conflicts ------------------------------------------------------------------------------------


@dataclass(eq=False)
class IdempotencyConflictError(ConflictError):
    """One key was used for two different inputs."""

    key: str
    code: ClassVar[str] = "idempotency-conflict"
    message: ClassVar[str] = "The key {key} was used before with other content."
    message_zh: ClassVar[str] = "编号 {key} 已用于其他内容。"
    remedy: ClassVar[str] = (
        "Use a new key for new content; repeat the old content to see its answer."
    )
    remedy_zh: ClassVar[str] = "新内容请用新编号；重复原内容可得原答复。"


@dataclass(eq=False)
class HeadMovedError(ConflictError):
    """Somebody else appended between our read and our write."""

    log_id: int
    expected_size: int
    code: ClassVar[str] = "head-moved"
    retryable: ClassVar[bool] = True
    message: ClassVar[str] = "Log {log_id} grew past {expected_size} while this was prepared."
    message_zh: ClassVar[str] = "日志 {log_id} 在准备期间已超过 {expected_size} 条。"
    remedy: ClassVar[str] = "Nothing was written; run it again."
    remedy_zh: ClassVar[str] = "未写入任何内容，请重试。"


@dataclass(eq=False)
class ActUnderWayError(ConflictError):
    """Another act about the same thing has not landed yet."""

    function: str
    code: ClassVar[str] = "act-under-way"
    retryable: ClassVar[bool] = True
    message: ClassVar[str] = "An earlier decision about this ({function}) is still on its way."
    message_zh: ClassVar[str] = "关于此事的前一个决定（{function}）还在等上链。"
    remedy: ClassVar[str] = "Wait until it is final, look what it changed, and decide again."
    remedy_zh: ClassVar[str] = "请等它最终上链，看清结果后再决定。"


@dataclass(eq=False)
class AlreadyResolvedError(ConflictError):
    """The thing was decided before."""

    what: str
    key: str
    state: str
    code: ClassVar[str] = "already-resolved"
    message: ClassVar[str] = "{what} {key} is already {state}."
    message_zh: ClassVar[str] = "{what} {key} 已处于 {state} 状态。"
    remedy: ClassVar[str] = "Look at its history; a new fact needs a new entry."
    remedy_zh: ClassVar[str] = "请查看其经过；新事实须另行登记。"


@dataclass(eq=False)
class DuplicateFactError(ConflictError):
    """A month that can have one normal line has one already."""

    index: int
    period: int
    code: ClassVar[str] = "duplicate-fact"
    message: ClassVar[str] = "Month {period} has a normal line that stands: entry {index}."
    message_zh: ClassVar[str] = "{period} 已有一条有效的正常记录（第 {index} 号）。"
    remedy: ClassVar[str] = "Reverse that entry first, or record the new line as a supplement."
    remedy_zh: ClassVar[str] = "请先冲销该记录，或将新记录登记为补充行。"


@dataclass(eq=False)
class CaseMovedError(ConflictError):
    """A transfer case changed between our read and our write."""

    case_id: str
    state: str
    code: ClassVar[str] = "case-moved"
    retryable: ClassVar[bool] = True
    message: ClassVar[str] = "Case {case_id} moved on (now {state}) while this was prepared."
    message_zh: ClassVar[str] = "业务 {case_id} 在准备期间已有变化（现为 {state}）。"
    remedy: ClassVar[str] = "Nothing was written; look at the case and decide again."
    remedy_zh: ClassVar[str] = "未写入任何内容，请查看该业务后重新办理。"


@dataclass(eq=False)
class KeyExistsError(ConflictError):
    """A key of this name is kept already."""

    name: str
    code: ClassVar[str] = "key-exists"
    message: ClassVar[str] = "There is already a key {name}; keys are never replaced."
    message_zh: ClassVar[str] = "密钥 {name} 已存在，密钥不得覆盖。"
    remedy: ClassVar[str] = "Give the successor a name of its own and enrol it."
    remedy_zh: ClassVar[str] = "请为新密钥另取名称并登记。"


@dataclass(eq=False)
class ContractRefusedError(RefusedError):
    """A contract says no; ``error`` and ``values`` are its own custom error."""

    contract: str
    error: str
    values: dict[str, Any]
    code: ClassVar[str] = "contract-refused"
    message: ClassVar[str] = "The contract {contract} refuses: {error} {values}."
    message_zh: ClassVar[str] = "合约 {contract} 拒绝：{error} {values}。"
    remedy: ClassVar[str] = "Nothing was changed on chain; look up what this error means."
    remedy_zh: ClassVar[str] = "链上未作任何变更；请查阅该错误的含义与取值。"


@dataclass(eq=False)
class TransactionRefusedError(RefusedError):
    """A chain node does not take a signed transaction, so it cannot land as it is."""

    reason: str
    code: ClassVar[str] = "transaction-refused"
    message: ClassVar[str] = "The chain does not take the transaction: {reason}."
    message_zh: ClassVar[str] = "链节点不接受该交易：{reason}。"
    remedy: ClassVar[str] = "Check that the sender's account has money for gas and may send here."
    remedy_zh: ClassVar[str] = "请检查发送账户的手续费余额及其发送权限。"


@dataclass(eq=False)
class InsufficientFundsError(RefusedError):
    """An account holds less than is asked for."""

    account: str
    available_fen: int
    wanted_fen: int
    code: ClassVar[str] = "insufficient-funds"
    message: ClassVar[str] = "The {account} holds {available_fen} fen, not {wanted_fen}."
    message_zh: ClassVar[str] = "{account} 余额为 {available_fen} 分，不足 {wanted_fen} 分。"
    remedy: ClassVar[str] = "Move money there first, or ask for less."
    remedy_zh: ClassVar[str] = "请先拨入资金，或减少金额。"


@dataclass(eq=False)
class FundsFrozenError(RefusedError):
    """A supervisor stopped the money of this bureau for a while."""

    until: str
    code: ClassVar[str] = "funds-frozen"
    message: ClassVar[str] = "Outgoing money of this bureau is frozen until {until}."
    message_zh: ClassVar[str] = "本机构资金拨付已被冻结，至 {until} 止。"
    remedy: ClassVar[str] = "Ask the supervisor why, or wait until the freeze has ended."
    remedy_zh: ClassVar[str] = "请向监管部门了解原因，或待冻结期满后办理。"


@dataclass(eq=False)
class NoShortfallError(RefusedError):
    """More shortfall is cleared than there is."""

    owed_fen: int
    wanted_fen: int
    code: ClassVar[str] = "no-shortfall"
    message: ClassVar[str] = "The shortfall is {owed_fen} fen, not {wanted_fen}."
    message_zh: ClassVar[str] = "缺口为 {owed_fen} 分，不足 {wanted_fen} 分。"
    remedy: ClassVar[str] = "Look at 'anxu funds balances' and clear at most what is owed."
    remedy_zh: ClassVar[str] = "请以 anxu funds balances 查看，补足金额不超过缺口。"


@dataclass(eq=False)
class TooFewLinesError(RefusedError):
    """A batch has so few lines that its total would show what single persons get."""

    lines: int
    minimum: int
    code: ClassVar[str] = "too-few-lines"
    message: ClassVar[str] = (
        "The batch has {lines} line(s); a total is shown of at least {minimum}."
    )
    message_zh: ClassVar[str] = "该批次共 {lines} 笔，至少 {minimum} 笔方可合计公示。"
    remedy: ClassVar[str] = "Pay these lines together with the next batch."
    remedy_zh: ClassVar[str] = "请与下一批次合并发放。"


@dataclass(eq=False)
class BatchStateError(ConflictError):
    """A batch or line is not in the state that the command needs."""

    what: str
    key: str
    state: str
    needed: str
    code: ClassVar[str] = "batch-state"
    message: ClassVar[str] = "The {what} {key} is {state}; this needs {needed}."
    message_zh: ClassVar[str] = "{what} {key} 目前为 {state}，此操作要求 {needed}。"
    remedy: ClassVar[str] = "Look at the batch and do the step that comes next."
    remedy_zh: ClassVar[str] = "请查看该批次并办理下一步。"


@dataclass(eq=False)
class DecisionMissingError(ConflictError):
    """Suspected lines wait for two officers' decision."""

    batch: str
    lines: int
    code: ClassVar[str] = "decision-missing"
    message: ClassVar[str] = "Batch {batch} has {lines} suspected lines without a decision."
    message_zh: ClassVar[str] = "批次 {batch} 尚有 {lines} 笔疑点未作出处理决定。"
    remedy: ClassVar[str] = "Have two officers decide each of them: pay, or hold with the reason."
    remedy_zh: ClassVar[str] = "请由两名经办人员逐笔决定发放或暂缓，并写明理由。"


@dataclass(eq=False)
class DecisionReasonError(RefusedError):
    """A decision came without a reason in words."""

    minimum: int
    code: ClassVar[str] = "decision-reason"
    message: ClassVar[str] = "A decision needs a reason of at least {minimum} characters."
    message_zh: ClassVar[str] = "处理决定须写明理由（至少 {minimum} 个字）。"
    remedy: ClassVar[str] = "Write the reason as the person will read it."
    remedy_zh: ClassVar[str] = "请以参保人能看懂的文字写明理由。"


# --- verification ---------------------------------------------------------------------------------


@dataclass(eq=False)
class ProofShapeError(VerificationError):
    """A proof has a shape no honest log would give."""

    reason: str
    code: ClassVar[str] = "proof-shape"
    message: ClassVar[str] = "The proof is malformed: {reason}."
    message_zh: ClassVar[str] = "证明格式有误：{reason}。"
    remedy: ClassVar[str] = "Ask the issuer for a new proof."
    remedy_zh: ClassVar[str] = "请向出具机构重新获取证明。"


@dataclass(eq=False)
class LeafIndexOutOfRangeError(ProofShapeError):
    """The leaf does not exist in a tree of this size."""

    index: int
    size: int
    code: ClassVar[str] = "leaf-index-out-of-range"
    message: ClassVar[str] = "There is no leaf {index} in a tree of {size}: {reason}."
    message_zh: ClassVar[str] = "{size} 条记录的日志中没有第 {index} 条。"


@dataclass(eq=False)
class ProofLengthError(ProofShapeError):
    """A proof has more or fewer hashes than index and sizes call for."""

    expected: int
    actual: int
    code: ClassVar[str] = "proof-length"
    message: ClassVar[str] = "The proof has {actual} hashes, not {expected}: {reason}."
    message_zh: ClassVar[str] = "证明有 {actual} 个散列值，应为 {expected} 个。"


@dataclass(eq=False)
class SizesOutOfOrderError(ProofShapeError):
    """An older tree cannot be larger than the newer one."""

    old_size: int
    new_size: int
    code: ClassVar[str] = "sizes-out-of-order"
    message: ClassVar[str] = "A tree of {old_size} is no prefix of one of {new_size}: {reason}."
    message_zh: ClassVar[str] = "{old_size} 条记录的日志不可能是 {new_size} 条的开头。"


@dataclass(eq=False)
class RootMismatchError(VerificationError):
    """A proof leads to another root."""

    expected: str
    actual: str
    code: ClassVar[str] = "root-mismatch"
    message: ClassVar[str] = "The proof leads to root {actual}, the checkpoint says {expected}."
    message_zh: ClassVar[str] = "证明推得的根为 {actual}，检查点所载为 {expected}。"
    remedy: ClassVar[str] = "Do not rely on this record; ask the issuer."
    remedy_zh: ClassVar[str] = "请勿采信该记录，并向出具机构查询。"


@dataclass(eq=False)
class InvalidSignatureError(VerificationError):
    """A signature does not belong to these bytes and this key."""

    what: str
    code: ClassVar[str] = "invalid-signature"
    message: ClassVar[str] = "The signature on {what} does not hold."
    message_zh: ClassVar[str] = "{what} 的签名无效。"
    remedy: ClassVar[str] = "Do not rely on it; ask the signer for a new one."
    remedy_zh: ClassVar[str] = "请勿采信，并请签名方重新签署。"


@dataclass(eq=False)
class InconsistentCheckpointError(VerificationError):
    """A newer tree does not contain the older one."""

    origin: str
    old_size: int
    new_size: int
    code: ClassVar[str] = "inconsistent-checkpoint"
    message: ClassVar[str] = "{origin} at {new_size} does not contain its own tree of {old_size}."
    message_zh: ClassVar[str] = "{origin} 第 {new_size} 号检查点不包含其第 {old_size} 号检查点。"
    remedy: ClassVar[str] = "Keep both checkpoints as evidence and call the supervisor."
    remedy_zh: ClassVar[str] = "请保留两份检查点作为证据并通知监管部门。"


@dataclass(eq=False)
class MissingSignatureError(VerificationError):
    """A message that must be signed carries no signature."""

    what: str
    code: ClassVar[str] = "missing-signature"
    message: ClassVar[str] = "The {what} carries no signature."
    message_zh: ClassVar[str] = "{what} 未附签名。"
    remedy: ClassVar[str] = "Sign it (RFC 9421) and send it again."
    remedy_zh: ClassVar[str] = "请按 RFC 9421 签名后重新发送。"


@dataclass(eq=False)
class UnknownSignerError(VerificationError):
    """A signature names a key that nobody enrolled."""

    key_id: str
    code: ClassVar[str] = "unknown-signer"
    message: ClassVar[str] = "The signing key {key_id} is not enrolled."
    message_zh: ClassVar[str] = "签名密钥 {key_id} 未登记。"
    remedy: ClassVar[str] = "Enrol the key first, or sign with the enrolled one."
    remedy_zh: ClassVar[str] = "请先登记该密钥，或使用已登记的密钥签名。"


@dataclass(eq=False)
class SignatureExpiredError(VerificationError):
    """A signature was made too long ago, or in the future."""

    what: str
    age_seconds: int
    max_age_seconds: int
    code: ClassVar[str] = "signature-expired"
    message: ClassVar[str] = (
        "The signature on {what} is {age_seconds} s old; 0 to {max_age_seconds} s is accepted."
    )
    message_zh: ClassVar[str] = (
        "{what} 的签名已有 {age_seconds} 秒，仅接受 0 至 {max_age_seconds} 秒。"
    )
    remedy: ClassVar[str] = "Sign and send again; if it goes on, set both clocks."
    remedy_zh: ClassVar[str] = "请重新签名发送；如仍失败请校准双方时钟。"


@dataclass(eq=False)
class ReplayedRequestError(VerificationError):
    """A signed request came a second time."""

    key_id: str
    code: ClassVar[str] = "replayed-request"
    message: ClassVar[str] = "A request signed by {key_id} was received before."
    message_zh: ClassVar[str] = "由 {key_id} 签名的该请求已收到过。"
    remedy: ClassVar[str] = "Sign every request afresh, with a nonce of its own."
    remedy_zh: ClassVar[str] = "每次请求须使用新的随机数重新签名。"


@dataclass(eq=False)
class SealedContentError(VerificationError):
    """Sealed content does not open under this key and context."""

    what: str
    code: ClassVar[str] = "sealed-content"
    message: ClassVar[str] = (
        "The sealed {what} does not open: another key, another context, or changed bytes."
    )
    message_zh: ClassVar[str] = "加密的 {what} 无法打开：密钥或用途不符，或内容被改动。"
    remedy: ClassVar[str] = "Do not use it; ask the sender to seal it again for this key and case."
    remedy_zh: ClassVar[str] = "请勿使用，并请发送方针对本密钥与本案重新加密。"


@dataclass(eq=False)
class OprfProofError(VerificationError):
    """The evaluator of pseudonyms did not use the key it announced."""

    reason: str
    code: ClassVar[str] = "oprf-proof"
    message: ClassVar[str] = "The answer of the pseudonym service does not hold: {reason}."
    message_zh: ClassVar[str] = "假名服务的答复无效：{reason}。"
    remedy: ClassVar[str] = "Record nothing with it; tell the supervisor who runs the service."
    remedy_zh: ClassVar[str] = "请勿据此登记，并通知运行该服务的监管部门。"


@dataclass(eq=False)
class WrongChainError(VerificationError):
    """The endpoint serves another chain than the manifest names."""

    expected: int
    actual: int
    code: ClassVar[str] = "wrong-chain"
    message: ClassVar[str] = "The endpoint serves chain {actual}, the manifest names {expected}."
    message_zh: ClassVar[str] = "该节点属于链 {actual}，而部署清单所载为 {expected}。"
    remedy: ClassVar[str] = "Correct the endpoint, or take the manifest of this network."
    remedy_zh: ClassVar[str] = "请更正节点地址，或使用该网络的部署清单。"


@dataclass(eq=False)
class ContractCodeError(VerificationError):
    """At a contract's address stands other code than the manifest names."""

    contract: str
    address: str
    expected: str
    actual: str
    code: ClassVar[str] = "contract-code"
    message: ClassVar[str] = (
        "{contract} at {address} has code {actual}, the manifest names {expected}."
    )
    message_zh: ClassVar[str] = (
        "合约 {contract}（{address}）的代码为 {actual}，部署清单所载为 {expected}。"
    )
    remedy: ClassVar[str] = "Use nothing of this deployment before its manifest was checked."
    remedy_zh: ClassVar[str] = "核实部署清单之前，请勿使用该部署。"


@dataclass(eq=False)
class PackageShapeError(VerificationError):
    """A message or package between bureaus is not what its schema says."""

    part: str
    reason: str
    code: ClassVar[str] = "package-shape"
    message: ClassVar[str] = "{part} of the message is malformed: {reason}."
    message_zh: ClassVar[str] = "消息的 {part} 部分格式有误：{reason}。"
    remedy: ClassVar[str] = "Ask the sending bureau to build it anew."
    remedy_zh: ClassVar[str] = "请发送方重新生成。"


@dataclass(eq=False)
class PackageMismatchError(VerificationError):
    """What came is not what the chain or the case says should come."""

    part: str
    code: ClassVar[str] = "package-mismatch"
    message: ClassVar[str] = "The {part} of the message is not the one of this case."
    message_zh: ClassVar[str] = "消息的 {part} 与本案不符。"
    remedy: ClassVar[str] = "Do not rely on it; ask the sending bureau."
    remedy_zh: ClassVar[str] = "请勿采信，并向发送方查询。"


@dataclass(eq=False)
class RecordAlteredError(VerificationError):
    """A record in a package is not the one that was recorded; ``position`` counts from 1."""

    position: int
    period: int
    part: str
    code: ClassVar[str] = "record-altered"
    message: ClassVar[str] = (
        "Record {position} of the package (month {period}) is not what was anchored: "
        "its {part} differs."
    )
    message_zh: ClassVar[str] = "第 {position} 条记录（{period}）与上链存证不符：{part} 不一致。"
    remedy: ClassVar[str] = "Take nothing of this package; ask the old bureau for the true records."
    remedy_zh: ClassVar[str] = "请勿接收该数据包，并要求原参保地提供真实记录。"


@dataclass(eq=False)
class RecordNotAnchoredError(VerificationError):
    """A record in a package does not stand in the anchored log of its bureau."""

    position: int
    period: int
    code: ClassVar[str] = "record-not-anchored"
    message: ClassVar[str] = (
        "Record {position} of the package (month {period}) is not in the anchored log."
    )
    message_zh: ClassVar[str] = "第 {position} 条记录（{period}）不在已上链的日志中。"
    remedy: ClassVar[str] = "Take nothing of this package; ask the old bureau for the true records."
    remedy_zh: ClassVar[str] = "请勿接收该数据包，并要求原参保地提供真实记录。"


@dataclass(eq=False)
class RecordOfOtherPersonError(VerificationError):
    """A record in a package is about somebody else."""

    position: int
    period: int
    code: ClassVar[str] = "record-of-other-person"
    message: ClassVar[str] = (
        "Record {position} of the package (month {period}) is about another person."
    )
    message_zh: ClassVar[str] = "第 {position} 条记录（{period}）不属于本人。"
    remedy: ClassVar[str] = "Take nothing of this package; tell the old bureau."
    remedy_zh: ClassVar[str] = "请勿接收该数据包，并告知原参保地。"


@dataclass(eq=False)
class RecordNotLiveError(VerificationError):
    """A record in a package was taken back, stands there twice, or belongs to another stay."""

    position: int
    period: int
    reason: str
    reason_zh: str
    code: ClassVar[str] = "record-not-live"
    message: ClassVar[str] = (
        "Record {position} of the package (month {period}) does not count: {reason}."
    )
    message_zh: ClassVar[str] = "第 {position} 条记录（{period}）不应计入：{reason_zh}。"
    remedy: ClassVar[str] = "Ask the old bureau for a package of its live records."
    remedy_zh: ClassVar[str] = "请原参保地重新提供有效记录。"


@dataclass(eq=False)
class MonthLeftOutError(VerificationError):
    """The old bureau's anchored log holds a month that its package leaves out."""

    period: int
    log_id: int
    leaf_index: int
    code: ClassVar[str] = "month-left-out"
    message: ClassVar[str] = (
        "Month {period} is recorded in log {log_id} (leaf {leaf_index}) and missing in the package."
    )
    message_zh: ClassVar[str] = (
        "{period} 已记入日志 {log_id}（第 {leaf_index} 条），但数据包中缺失。"
    )
    remedy: ClassVar[str] = "Refuse the package; the old bureau must send every live month."
    remedy_zh: ClassVar[str] = "请拒收该数据包，原参保地须提供全部有效月份。"


@dataclass(eq=False)
class FiguresMismatchError(VerificationError):
    """A figure of the information sheet does not follow from the records."""

    figure: str
    code: ClassVar[str] = "figures-mismatch"
    message: ClassVar[str] = "The sheet's {figure} does not follow from the records sent with it."
    message_zh: ClassVar[str] = "信息表的 {figure} 与所附记录核算结果不一致。"
    remedy: ClassVar[str] = "Sign nothing; ask the old bureau to compute the sheet anew."
    remedy_zh: ClassVar[str] = "请勿签署，并要求原参保地重新核算。"


@dataclass(eq=False)
class SettlementMismatchError(VerificationError):
    """Money on its way is not the sum of the cases it is said to be for."""

    settlement_id: str
    part: str
    code: ClassVar[str] = "settlement-mismatch"
    message: ClassVar[str] = "Settlement {settlement_id} does not match its cases: {part}."
    message_zh: ClassVar[str] = "结算 {settlement_id} 与所列业务不符：{part}。"
    remedy: ClassVar[str] = "Do not confirm receipt; clear it up with the sending bureau."
    remedy_zh: ClassVar[str] = "请勿确认到账，并与转出地核对。"


@dataclass(eq=False)
class MalformedNoteError(VerificationError):
    """A text is not a signed checkpoint of the one form that is accepted."""

    reason: str
    code: ClassVar[str] = "malformed-note"
    message: ClassVar[str] = "This is not a signed checkpoint: {reason}."
    message_zh: ClassVar[str] = "这不是有效的签名检查点：{reason}。"
    remedy: ClassVar[str] = "Fetch it again, whole and unchanged, from the log."
    remedy_zh: ClassVar[str] = "请从日志重新获取完整且未改动的检查点。"


@dataclass(eq=False)
class WrongOriginError(VerificationError):
    """A checkpoint belongs to another log."""

    expected: str
    actual: str
    code: ClassVar[str] = "wrong-origin"
    message: ClassVar[str] = "The checkpoint is of {actual}, not of {expected}."
    message_zh: ClassVar[str] = "该检查点属于 {actual}，而非 {expected}。"
    remedy: ClassVar[str] = "Ask for the checkpoint of the right log."
    remedy_zh: ClassVar[str] = "请获取正确日志的检查点。"


@dataclass(eq=False)
class MalformedKeyError(VerificationError):
    """A text is not a verifier key (vkey) of a known signature type."""

    reason: str
    code: ClassVar[str] = "malformed-key"
    message: ClassVar[str] = "This is not a verifier key: {reason}."
    message_zh: ClassVar[str] = "这不是有效的验证密钥：{reason}。"
    remedy: ClassVar[str] = "Copy the whole key from the trust file of a supervisor."
    remedy_zh: ClassVar[str] = "请从监管部门发布的信任文件完整复制该密钥。"


@dataclass(eq=False)
class TilePathError(VerificationError):
    """A path names no tile, or in another spelling than the one that is served."""

    reason: str
    code: ClassVar[str] = "tile-path"
    message: ClassVar[str] = "The path names no tile of a log: {reason}."
    message_zh: ClassVar[str] = "该路径不对应任何日志分片：{reason}。"
    remedy: ClassVar[str] = "Spell it as c2sp.org/tlog-tiles says, for example tile/0/x001/067."
    remedy_zh: ClassVar[str] = "请按 c2sp.org/tlog-tiles 书写，例如 tile/0/x001/067。"


@dataclass(eq=False)
class MalformedBundleError(VerificationError):
    """A file is not a proof bundle that can be read."""

    field: str
    reason: str
    code: ClassVar[str] = "malformed-bundle"
    message: ClassVar[str] = "This is not a readable proof: {field}: {reason}."
    message_zh: ClassVar[str] = "这不是可读的证明文件：{field}：{reason}。"
    remedy: ClassVar[str] = "Ask whoever gave you the file for the original, unchanged."
    remedy_zh: ClassVar[str] = "请向提供者索取未经改动的原文件。"


@dataclass(eq=False)
class MalformedTrustFileError(VerificationError):
    """A file is not a trust file that can be read."""

    field: str
    reason: str
    code: ClassVar[str] = "malformed-trust-file"
    message: ClassVar[str] = "This is not a readable trust file: {field}: {reason}."
    message_zh: ClassVar[str] = "这不是可读的信任文件：{field}：{reason}。"
    remedy: ClassVar[str] = "Get the trust file from a supervisor, over a way you trust."
    remedy_zh: ClassVar[str] = "请通过可信渠道向监管部门获取信任文件。"


@dataclass(eq=False)
class BlockSignerError(VerificationError):
    """A block of the chain is signed by nobody who may, or is not what its hash says."""

    block: int
    reason: str
    code: ClassVar[str] = "block-signer"
    message: ClassVar[str] = "Block {block} of the chain is not accepted: {reason}."
    message_zh: ClassVar[str] = "链上区块 {block} 未被采信：{reason}。"
    remedy: ClassVar[str] = (
        "Compare the validators in the manifest with the network's; ask another endpoint."
    )
    remedy_zh: ClassVar[str] = "请核对部署清单中的验证节点与网络是否一致，或改用其他接口。"


# --- unavailable ----------------------------------------------------------------------------------


@dataclass(eq=False)
class NotAnchoredYetError(UnavailableError):
    """Records that shall travel are not final on chain yet."""

    log_id: int
    needed_size: int
    final_size: int
    code: ClassVar[str] = "not-anchored-yet"
    message: ClassVar[str] = (
        "Log {log_id} is final on chain up to {final_size} leaves; {needed_size} are needed."
    )
    message_zh: ClassVar[str] = "日志 {log_id} 已最终上链 {final_size} 条，需要 {needed_size} 条。"
    remedy: ClassVar[str] = "Wait for the next checkpoint; it is published by itself."
    remedy_zh: ClassVar[str] = "请等待下一检查点自动上链。"


@dataclass(eq=False)
class FollowingBehindError(UnavailableError):
    """This node has not followed another log far enough to judge what came."""

    log_id: int
    needed_size: int
    followed_size: int
    code: ClassVar[str] = "following-behind"
    message: ClassVar[str] = (
        "Log {log_id} is followed up to {followed_size} leaves; {needed_size} are needed."
    )
    message_zh: ClassVar[str] = "日志 {log_id} 已跟踪 {followed_size} 条，需要 {needed_size} 条。"
    remedy: ClassVar[str] = "It is followed by itself; send the message again in a moment."
    remedy_zh: ClassVar[str] = "系统将自动跟踪，请稍后重发。"


@dataclass(eq=False)
class ChainBehindError(UnavailableError):
    """A fact that the chain will carry is not final there yet."""

    what: str
    case_id: str
    code: ClassVar[str] = "chain-behind"
    message: ClassVar[str] = "The {what} of case {case_id} is not final on chain yet."
    message_zh: ClassVar[str] = "业务 {case_id} 的 {what} 尚未最终上链。"
    remedy: ClassVar[str] = "It lands by itself; try again in a moment."
    remedy_zh: ClassVar[str] = "系统将自动上链，请稍后重试。"


@dataclass(eq=False)
class RelationArrivingError(UnavailableError):
    """The person's relation is still arriving from elsewhere; the next case is served after it."""

    case_id: str
    code: ClassVar[str] = "relation-arriving"
    message: ClassVar[str] = (
        "This person's relation is still arriving with case {case_id}; the next one follows it."
    )
    message_zh: ClassVar[str] = "本人关系正由业务 {case_id} 转入，办结后依次办理下一笔。"
    remedy: ClassVar[str] = "Nothing is to be done: the letter is delivered again by itself."
    remedy_zh: ClassVar[str] = "无需操作：联系函将自动重新送达。"


@dataclass(eq=False)
class ChainUnavailableError(UnavailableError):
    """No chain endpoint answers."""

    endpoint: str
    reason: str
    code: ClassVar[str] = "chain-unavailable"
    message: ClassVar[str] = "The chain at {endpoint} cannot be reached: {reason}."
    message_zh: ClassVar[str] = "无法连接链节点 {endpoint}：{reason}。"
    remedy: ClassVar[str] = (
        "Records are kept and queued; anchoring goes on by itself once it answers."
    )
    remedy_zh: ClassVar[str] = "记录已保存并排队，恢复后自动上链。"


@dataclass(eq=False)
class EndpointLagsError(UnavailableError):
    """An endpoint is behind the others, or its newest block is too old: it is not used."""

    endpoint: str
    block: int
    behind_blocks: int
    age_seconds: int
    code: ClassVar[str] = "endpoint-lags"
    message: ClassVar[str] = (
        "The chain endpoint {endpoint} stands at block {block}: {behind_blocks} blocks behind the "
        "others, {age_seconds} s old."
    )
    message_zh: ClassVar[str] = (
        "链节点 {endpoint} 停在第 {block} 块：落后其他节点 {behind_blocks} 块，"
        "最新块已有 {age_seconds} 秒。"
    )
    remedy: ClassVar[str] = (
        "Let it catch up (look at its peers and its log), or name another endpoint in node.json "
        "(rpc_urls). If the whole network has stopped, start its validators."
    )
    remedy_zh: ClassVar[str] = (
        "请等待其同步（查看其对等节点与日志），或在 node.json 的 rpc_urls 中改用其他节点；"
        "若全网停止出块，请恢复验证节点。"
    )


@dataclass(eq=False)
class EndpointSyncingError(UnavailableError):
    """An endpoint says itself that it has not taken in all blocks yet: it is not used."""

    endpoint: str
    block: int
    highest: int
    code: ClassVar[str] = "endpoint-syncing"
    message: ClassVar[str] = (
        "The chain endpoint {endpoint} says that it is still syncing: block {block} of {highest}."
    )
    message_zh: ClassVar[str] = "链节点 {endpoint} 仍在同步：第 {block} 块，共 {highest} 块。"
    remedy: ClassVar[str] = (
        "Wait until it has caught up, or name another endpoint in node.json (rpc_urls)."
    )
    remedy_zh: ClassVar[str] = "请等待其同步完成，或在 node.json 的 rpc_urls 中改用其他节点。"


@dataclass(eq=False)
class BehindAtStartError(UnavailableError):
    """Endpoints that are provably behind leave too few to begin with.

    ``behind`` names each with its block and the one that it should have reached, and by what that
    is known: the other endpoints, itself, or what this node has seen final.
    """

    able: int
    needed: int
    behind: str
    code: ClassVar[str] = "behind-at-start"
    message: ClassVar[str] = (
        "Not started: {able} of at least {needed} chain endpoints can be used, because some are "
        "behind: {behind}."
    )
    message_zh: ClassVar[str] = (
        "未启动：可用链节点 {able} 个，至少需要 {needed} 个；以下节点落后：{behind}。"
    )
    remedy: ClassVar[str] = (
        "Let them catch up (look at their peers and their logs) and start again, or name endpoints "
        "that are up to date in node.json (rpc_urls)."
    )
    remedy_zh: ClassVar[str] = (
        "请待其同步（查看对等节点与日志）后再启动，或在 node.json 的 rpc_urls 中改用已同步的节点。"
    )


@dataclass(eq=False)
class EndpointsDisagreeError(UnavailableError):
    """Endpoints answer differently about the same block, and too few agree to tell who is wrong."""

    endpoints: str
    what: str
    code: ClassVar[str] = "endpoints-disagree"
    message: ClassVar[str] = "The chain endpoints {endpoints} do not agree on {what}."
    message_zh: ClassVar[str] = "链节点 {endpoints} 对 {what} 的答复不一致。"
    remedy: ClassVar[str] = (
        "Find out which one serves the network's chain and take the other out of node.json "
        "(rpc_urls); a third endpoint tells by itself."
    )
    remedy_zh: ClassVar[str] = (
        "请查明哪个节点属于本网络的链，将另一个移出 node.json 的 rpc_urls；"
        "配置第三个节点后可自动判别。"
    )


@dataclass(eq=False)
class StorageUnavailableError(UnavailableError):
    """The database does not answer or is busy."""

    reason: str
    code: ClassVar[str] = "storage-unavailable"
    message: ClassVar[str] = "The database cannot be used: {reason}."
    message_zh: ClassVar[str] = "数据库暂不可用：{reason}。"
    remedy: ClassVar[str] = "Try again; if it goes on, check the database server and the disk."
    remedy_zh: ClassVar[str] = "请重试；如仍失败请检查数据库与磁盘。"


@dataclass(eq=False)
class PeerUnavailableError(UnavailableError):
    """Another node does not answer."""

    peer: str
    reason: str
    code: ClassVar[str] = "peer-unavailable"
    message: ClassVar[str] = "The node of {peer} cannot be reached: {reason}."
    message_zh: ClassVar[str] = "无法连接 {peer} 的节点：{reason}。"
    remedy: ClassVar[str] = "Nothing is lost; it is tried again by itself."
    remedy_zh: ClassVar[str] = "内容未丢失，将自动重试。"


@dataclass(eq=False)
class NonceCapacityError(UnavailableError):
    """One caller sent more signed requests than can be remembered."""

    key_id: str
    capacity: int
    code: ClassVar[str] = "nonce-capacity"
    message: ClassVar[str] = (
        "{key_id} has {capacity} requests in the current window; no more are taken."
    )
    message_zh: ClassVar[str] = "{key_id} 在当前时段内已有 {capacity} 次请求，暂不再受理。"
    remedy: ClassVar[str] = "Slow down and try again in two minutes."
    remedy_zh: ClassVar[str] = "请放慢频率，两分钟后重试。"


@dataclass(eq=False)
class EndpointBehindError(UnavailableError):
    """An endpoint shows less of the chain than this node has already seen land or be final."""

    endpoint: str
    number: int
    seen: int
    code: ClassVar[str] = "endpoint-behind"
    message: ClassVar[str] = (
        "The chain at {endpoint} stands at {number}; this node has already seen {seen}."
    )
    message_zh: ClassVar[str] = "链接口 {endpoint} 停在 {number}，本节点已见到 {seen}。"
    remedy: ClassVar[str] = "It is asked again by itself; if it stays behind, use another endpoint."
    remedy_zh: ClassVar[str] = "将自动重试；如长期落后，请改用其他接口。"


# --- corruption -----------------------------------------------------------------------------------


@dataclass(eq=False)
class UnknownRevertError(CorruptionError):
    """A contract reverted in a way that its interface does not know."""

    contract: str
    data: str
    code: ClassVar[str] = "unknown-revert"
    message: ClassVar[str] = "{contract} reverted with {data}, which is none of its errors."
    message_zh: ClassVar[str] = "合约 {contract} 以未知错误 {data} 回滚。"
    remedy: ClassVar[str] = "Compare the deployed code with the artifacts; call the developers."
    remedy_zh: ClassVar[str] = "请核对已部署代码与随附产物，并联系开发人员。"


@dataclass(eq=False)
class InvariantBrokenError(CorruptionError):
    """Something that can never be, is."""

    invariant: str
    expected: str
    actual: str
    code: ClassVar[str] = "invariant-broken"
    message: ClassVar[str] = "Invariant {invariant} is broken: expected {expected}, found {actual}."
    message_zh: ClassVar[str] = "不变量 {invariant} 被破坏：应为 {expected}，实为 {actual}。"
    remedy: ClassVar[str] = "Stop, keep the data as it is, and call the person on duty."
    remedy_zh: ClassVar[str] = "请停止操作、保留现场并联系值班人员。"


@dataclass(eq=False)
class SplitViewError(CorruptionError):
    """A log has two roots for one size: it showed two histories. Both are kept; nobody signs on."""

    origin: str
    size: int
    first_root: str
    second_root: str
    code: ClassVar[str] = "split-view"
    message: ClassVar[str] = (
        "Log {origin} has two roots for size {size}: {first_root} and {second_root}."
    )
    message_zh: ClassVar[str] = (
        "日志 {origin} 在大小 {size} 处有两个根：{first_root} 与 {second_root}。"
    )
    remedy: ClassVar[str] = "Stop, keep both notes as evidence, and call the person on duty."
    remedy_zh: ClassVar[str] = "请停止操作，保留两份检查点作为证据，并联系值班人员。"


@dataclass(eq=False)
class LogShrunkError(CorruptionError):
    """A log has fewer leaves than it signed or published before: a restored backup, or a theft."""

    origin: str
    published_size: int
    size: int
    code: ClassVar[str] = "log-shrunk"
    message: ClassVar[str] = (
        "Log {origin} published {published_size} leaves and now has {size}: it can only grow."
    )
    message_zh: ClassVar[str] = (
        "日志 {origin} 已发布 {published_size} 条记录，现仅有 {size} 条：日志只能增长。"
    )
    remedy: ClassVar[str] = "Stop, find the newest data of this node, and call the person on duty."
    remedy_zh: ClassVar[str] = "请停止操作，找回本节点最新的数据，并联系值班人员。"


@dataclass(eq=False)
class FlowShapeError(CorruptionError):
    """A flow picture cannot be drawn truthfully from what was given."""

    reason: str
    code: ClassVar[str] = "flow-shape"
    message: ClassVar[str] = "The flow picture cannot be drawn: {reason}."
    message_zh: ClassVar[str] = "资金流向图无法绘制：{reason}。"
    remedy: ClassVar[str] = "The table of movements is complete; report the reference number."
    remedy_zh: ClassVar[str] = "资金明细表是完整的；请报告编号。"


@dataclass(eq=False)
class KeyFileDamagedError(CorruptionError):
    """A key file is not what was written."""

    path: str
    code: ClassVar[str] = "key-file-damaged"
    message: ClassVar[str] = "The key file {path} is damaged or was changed."
    message_zh: ClassVar[str] = "密钥文件 {path} 已损坏或被改动。"
    remedy: ClassVar[str] = (
        "Stop this node and restore the file from the sealed backup of its keys."
    )
    remedy_zh: ClassVar[str] = "请停止本节点，并从密钥封存备份恢复该文件。"


@dataclass(eq=False)
class IndexIncompleteError(CorruptionError):
    """What indexed events add up to is not what contract storage says at the same block."""

    total: str
    block: int
    indexed: int
    stored: int
    code: ClassVar[str] = "index-incomplete"
    message: ClassVar[str] = (
        "At block {block} the indexed events give {total} = {indexed}; the contract says {stored}."
    )
    message_zh: ClassVar[str] = (
        "在第 {block} 块，按已索引事件 {total} 应为 {indexed}，合约存储为 {stored}。"
    )
    remedy: ClassVar[str] = (
        "The index stands still; rebuild it with 'anxu chain rebuild-index', from another endpoint "
        "if it happens again."
    )
    remedy_zh: ClassVar[str] = (
        "索引已停止；请用 anxu chain rebuild-index 重建，若再次出现请改用其他链节点。"
    )


@dataclass(eq=False)
class DeepReorganisationError(CorruptionError):
    """The chain replaced blocks that counted as final: nothing is published or paid on it."""

    block: int
    first_hash: str
    second_hash: str
    code: ClassVar[str] = "deep-reorganisation"
    message: ClassVar[str] = (
        "Block {block} of the chain counted as final with hash {first_hash}; now it is "
        "{second_hash}."
    )
    message_zh: ClassVar[str] = (
        "链上区块 {block} 曾以哈希 {first_hash} 视为最终，现变为 {second_hash}。"
    )
    remedy: ClassVar[str] = (
        "Publication and payments stand still; call the network's operators, then decide with "
        "'anxu outbox accept-chain'."
    )
    remedy_zh: ClassVar[str] = (
        "上链与支付已暂停；请联系网络运维，查明后用 anxu outbox accept-chain 处理。"
    )


# --- usage ----------------------------------------------------------------------------------------


@dataclass(eq=False)
class SettingsError(UsageError):
    """A setting is missing or out of bounds."""

    setting: str
    reason: str
    code: ClassVar[str] = "settings"
    message: ClassVar[str] = "Setting {setting}: {reason}."
    message_zh: ClassVar[str] = "设置项 {setting}：{reason}。"
    remedy: ClassVar[str] = (
        "Correct it and start again; docs/reference/settings.md lists every setting."
    )
    remedy_zh: ClassVar[str] = "请更正后重新启动；全部设置见 docs/reference/settings.md。"


@dataclass(eq=False)
class FileModeError(UsageError):
    """A private file is open to others."""

    path: str
    actual: str
    expected: str
    code: ClassVar[str] = "file-mode"
    message: ClassVar[str] = "{path} has mode {actual}; private keys need {expected} or less."
    message_zh: ClassVar[str] = "{path} 的权限为 {actual}，私钥须为 {expected} 或更严。"
    remedy: ClassVar[str] = "Run: chmod {expected} {path}"
    remedy_zh: ClassVar[str] = "请执行：chmod {expected} {path}"


@dataclass(eq=False)
class WrongPassphraseError(UsageError):
    """The passphrase does not open the key store."""

    directory: str
    code: ClassVar[str] = "wrong-passphrase"
    message: ClassVar[str] = "The passphrase does not open the key store {directory}."
    message_zh: ClassVar[str] = "口令无法打开密钥库 {directory}。"
    remedy: ClassVar[str] = "Check ANXU_PASSPHRASE or the file keys/passphrase, and try again."
    remedy_zh: ClassVar[str] = "请核对 ANXU_PASSPHRASE 或 keys/passphrase 文件后重试。"


@dataclass(eq=False)
class KeyKindError(UsageError):
    """A key is asked for as something it is not."""

    name: str
    expected: str
    actual: str
    code: ClassVar[str] = "key-kind"
    message: ClassVar[str] = "The key {name} is of kind {actual}, not {expected}."
    message_zh: ClassVar[str] = "密钥 {name} 的类型是 {actual}，不是 {expected}。"
    remedy: ClassVar[str] = "Use the key that was made for this purpose."
    remedy_zh: ClassVar[str] = "请使用为该用途生成的密钥。"
