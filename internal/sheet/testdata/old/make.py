"""Makes the .xls files of this folder that LibreOffice cannot make: python3 make.py, with xlwt 1.3.0."""
import datetime
import xlwt

date = xlwt.easyxf(num_format_str='yyyy/m/d')
percent = xlwt.easyxf(num_format_str='0.0%')
wan = xlwt.easyxf(num_format_str='#,##0.00"万元"')


def county():
    book = xlwt.Workbook()
    s = book.add_sheet('情况表')
    s.write_merge(0, 0, 0, 7, '2023年规上工业企业情况表（演示）')
    s.write_merge(1, 2, 0, 0, '县（市、区）')
    s.write_merge(1, 2, 1, 1, '企业名称')
    s.write_merge(1, 1, 2, 3, '营业收入（万元）')
    s.write(2, 2, '2022年')
    s.write(2, 3, '2023年')
    for c, head in enumerate(['成立日期', '关键工序数控化率', '已上云', '备注'], 4):
        s.write_merge(1, 2, c, c, head)
    s.write_merge(3, 5, 0, 0, '东台市')
    rows = [
        ('东台甲机械（演示）有限公司', 15863.29, 1e7, datetime.date(2022, 1, 28), 0.655, True, '=文本'),
        ('东台乙纺织（演示）有限公司', 0.01, -3, datetime.date(1999, 12, 31), 1, False, ''),
        ('东台丙电子（演示）有限公司', 1234567.891, 12345678.9, datetime.date(2010, 6, 1), 0.3333333333333333, True, '𠅤䶮'),
    ]
    for r, (name, a, b, day, rate, cloud, note) in enumerate(rows, 3):
        s.write(r, 1, name)
        s.write(r, 2, a)
        s.write(r, 3, b, wan)
        s.write(r, 4, day, date)
        s.write(r, 5, rate, percent)
        s.write(r, 6, cloud)
        s.write(r, 7, note)
    s.write(6, 0, '合计')
    s.write(6, 2, xlwt.Formula('SUM(C4:C6)'))
    s.row(4).hidden = True
    s.col(7).hidden = True
    hidden = book.add_sheet('底稿')
    hidden.visibility = 1
    hidden.write(0, 0, '不给看')
    very = book.add_sheet('密')
    very.visibility = 2
    very.write(0, 0, 1)
    book.save('county.xls')


def strings():
    """A table of strings that goes on in many records, with texts of one and of two bytes a character across them."""
    book = xlwt.Workbook()
    s = book.add_sheet('S')
    for r in range(400):
        s.write(r, 0, ('盐城市演示机械制造第%d有限公司' % r) * (1 + r % 7))
        s.write(r, 1, ('plain text number %d ' % r) * (1 + r % 11))
    s.write(400, 0, '长' * 32767)
    s.write(401, 0, 'x' * 32767)
    book.save('strings.xls')


def epoch():
    book = xlwt.Workbook()
    book.dates_1904 = True
    s = book.add_sheet('S')
    s.write(0, 0, 43127, date)
    book.save('epoch1904.xls')


county()
strings()
epoch()
